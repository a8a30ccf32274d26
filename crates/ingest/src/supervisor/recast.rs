//! Metrics that would mean something else from one version of a spec to the next.

use std::collections::BTreeMap;

use aggregate::{AggregatorSpec, ColumnType, parse_aggregator};
use metastore::Segment;
use serde_json::Value;

use super::spec::{KINDS, SupervisorSpec};
use super::unavailable;
use crate::{Error, IngestContext, Result};

/// Segments that a message names.
const MOST_NAMED: usize = 3;

/// What a column is, where values of two kinds cannot stand in one column. A dimension may change its type: queries
/// compare its values by their own rules.
#[derive(Debug, Clone, PartialEq)]
enum Meaning {
    Dimension,
    Metric { state: ColumnType, tag: &'static str },
}

impl Meaning {
    fn of(aggregator: &dyn AggregatorSpec) -> Meaning {
        let state = aggregator.state_type();
        let tag = match aggregator.type_tag() {
            // Sketches are merged whatever made them, and counts are summed.
            _ if matches!(state, ColumnType::State(_)) => "",
            "count" => "longSum",
            tag => tag,
        };
        Meaning::Metric { state, tag }
    }
}

impl std::fmt::Display for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Meaning::Dimension => f.write_str("a dimension"),
            Meaning::Metric { state, tag: "" } => write!(f, "a metric of type [{state}]"),
            Meaning::Metric { state, tag } => write!(f, "a metric [{tag}] of type [{state}]"),
        }
    }
}

/// Fails where a column of `next` means something else in rows that are there already: live segments of the
/// datasource, or rows that the present spec has read.
pub(super) async fn check(
    context: &IngestContext,
    present: &SupervisorSpec,
    next: &SupervisorSpec,
    has_rows: bool,
) -> Result<()> {
    if present.datasource != next.datasource {
        return Ok(());
    }
    let wanted = meanings(next);
    let datasource = context.metastore.datasource(&next.datasource).await.map_err(unavailable)?;
    let segments = match datasource {
        None => Vec::new(),
        Some(datasource) => context.metastore.live(&datasource.datasource_id).await.map_err(unavailable)?.segments,
    };
    let mut clashes: BTreeMap<(&str, String), Vec<&Segment>> = BTreeMap::new();
    for segment in &segments {
        for (name, meaning) in stored_meanings(&segment.meta) {
            if let Some((name, _)) = wanted.get_key_value(&name).filter(|(_, now)| **now != meaning) {
                clashes.entry((name, meaning.to_string())).or_default().push(segment);
            }
        }
    }
    if has_rows {
        for (name, meaning) in meanings(present) {
            if let Some((name, _)) = wanted.get_key_value(&name).filter(|(_, now)| **now != meaning) {
                clashes.entry((name, meaning.to_string())).or_default();
            }
        }
    }
    match clashes.into_iter().next() {
        None => Ok(()),
        Some(((name, before), segments)) => Err(Error::Incompatible(message(name, &before, &wanted[name], &segments))),
    }
}

fn message(name: &str, before: &str, now: &Meaning, segments: &[&Segment]) -> String {
    let mut place = "in rows that were just read".to_owned();
    if !segments.is_empty() {
        let ids: Vec<String> = segments.iter().take(MOST_NAMED).map(|segment| segment.id().to_string()).collect();
        let more = segments.len().saturating_sub(MOST_NAMED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        place = format!("in segments [{}]{more}", ids.join(", "));
    }
    format!(
        "column [{name}] is {before} {place}, and {now} in the new spec: give it another name, or post the spec with \
         ?recast=true to have both"
    )
}

fn meanings(spec: &SupervisorSpec) -> BTreeMap<String, Meaning> {
    let dimensions = spec.schema.dimensions.dimensions.iter();
    let dimensions = dimensions.map(|dimension| (dimension.name.clone(), Meaning::Dimension));
    let metrics = spec.schema.metrics.iter().map(|metric| (metric.name.clone(), Meaning::of(&*metric.aggregator)));
    dimensions.chain(metrics).collect()
}

/// Columns as the store describes those of a segment; what it does not describe clashes with nothing.
fn stored_meanings(meta: &str) -> Vec<(String, Meaning)> {
    let meta: Value = serde_json::from_str(meta).unwrap_or_default();
    let list = |name: &str| meta.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let dimensions = list("dimensions").into_iter().filter_map(|name| name.as_str().map(str::to_owned));
    let metrics = list("aggregators").into_iter().filter_map(|json| {
        let inner = json.get("aggregator").filter(|_| json.get("type").is_some_and(|tag| tag == "filtered"));
        let aggregator = parse_aggregator(inner.unwrap_or(&json), KINDS).ok()?;
        Some((aggregator.name().to_owned(), Meaning::of(&*aggregator)))
    });
    dimensions.map(|name| (name, Meaning::Dimension)).chain(metrics).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meaning(json: Value) -> Meaning {
        Meaning::of(&*parse_aggregator(&json, KINDS).expect("an aggregator"))
    }

    #[test]
    fn only_what_folds_alike_goes_together() {
        let metric = |tag: &str| meaning(json!({"type": tag, "name": "m", "fieldName": "f"}));
        let count = meaning(json!({"type": "count", "name": "m"}));
        assert!(count == metric("longSum") && metric("HLLSketchBuild") == metric("HLLSketchMerge"));
        for other in ["doubleSum", "longMax", "longFirst", "HLLSketchBuild"] {
            assert!(metric("longSum") != metric(other), "{other}");
        }
        assert!(Meaning::Dimension != metric("longSum"));
    }

    #[test]
    fn stored_columns_are_known_with_and_without_filters() {
        let sum = json!({"type": "longSum", "name": "m", "fieldName": "f"});
        let filtered = json!({"type": "filtered", "name": "m", "aggregator": sum, "filter": {"type": "true"}});
        for aggregator in [sum.clone(), filtered] {
            let meta = json!({"dimensions": ["d"], "metrics": ["m"], "aggregators": [aggregator]});
            let known = stored_meanings(&meta.to_string());
            assert_eq!(known, [("d".to_owned(), Meaning::Dimension), ("m".to_owned(), meaning(sum.clone()))]);
        }
        assert_eq!(stored_meanings("nonsense"), []);
    }
}
