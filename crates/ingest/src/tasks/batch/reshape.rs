//! Other columns for rows that are in segments already.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType};
use segment::{DimensionSchema, RollupSchema};

use crate::spec::fields::Fields;
use crate::spec::{DimensionType, DimensionsSpec, Metric, parse_metrics};
use crate::{Error, Result};

/// `dimensionsSpec` and `metricsSpec` of a compaction, as meant.
#[derive(Debug)]
pub(super) struct Reshape {
    dimensions: Option<DimensionsSpec>,
    metrics: Option<Vec<Metric>>,
}

impl Reshape {
    pub(super) fn parse(fields: &Fields<'_>) -> Result<Reshape> {
        let dimensions = fields.object("dimensionsSpec")?.map(|spec| DimensionsSpec::parse(Some(spec))).transpose()?;
        let metrics = match fields.get("metricsSpec") {
            None => None,
            Some(_) => Some(parse_metrics(fields.list("metricsSpec")?, "metricsSpec", &[])?),
        };
        let filtered = metrics.iter().flatten().position(|metric| metric.filter.is_some());
        match filtered {
            Some(at) => {
                let reason = "must not be [filtered]: rows of segments are folded whole";
                Err(fields.wrong(&format!("metricsSpec[{at}].type"), reason))
            }
            None => Ok(Reshape { dimensions, metrics }),
        }
    }

    /// What rows of `schema` are folded into instead.
    pub(super) fn apply(&self, schema: &mut RollupSchema) -> Result<()> {
        if let Some(spec) = &self.dimensions {
            schema.dimensions = dimensions(spec, &schema.dimensions);
        }
        if let Some(metrics) = &self.metrics {
            let kept = metrics.iter().enumerate().map(|(at, metric)| kept(at, metric, schema));
            schema.aggregators = kept.collect::<Result<_>>()?;
            let kept = &schema.aggregators;
            schema.filters.retain(|name, _| kept.iter().any(|aggregator| aggregator.name() == name));
        }
        let field = if self.dimensions.is_some() { "dimensionsSpec" } else { "metricsSpec" };
        schema.check().map_err(|error| Error::invalid(field, error.to_string()))
    }

    /// Whether totals of `before` may be gone afterwards.
    pub(super) fn drops_metrics(&self, before: &RollupSchema) -> bool {
        let stays = |name: &str| self.metrics.iter().flatten().any(|metric| metric.name == name);
        self.metrics.is_some() && before.aggregators.iter().any(|aggregator| !stays(aggregator.name()))
    }
}

/// The dimensions that are named, as far as a segment has them, then the others where they are wanted.
fn dimensions(spec: &DimensionsSpec, known: &[DimensionSchema]) -> Vec<DimensionSchema> {
    let mut found = Vec::with_capacity(known.len());
    for declared in &spec.dimensions {
        let Some(stored) = known.iter().find(|stored| *stored.name == *declared.name) else { continue };
        let mut dimension = crate::lane::dimension_schema(declared);
        if declared.dimension_type == DimensionType::Auto {
            dimension.column_type = stored.column_type.clone();
        }
        found.push(dimension);
    }
    if spec.discovers() {
        let is_wanted = |stored: &&DimensionSchema| {
            !spec.exclusions.iter().any(|name| **name == *stored.name)
                && spec.dimensions.iter().all(|declared| *declared.name != *stored.name)
        };
        found.extend(known.iter().filter(is_wanted).cloned());
    }
    found
}

/// The metric of that name as it is stored: only what folds as it does goes on with its states.
fn kept(at: usize, metric: &Metric, schema: &RollupSchema) -> Result<Arc<dyn AggregatorSpec>> {
    let path = format!("metricsSpec[{at}]");
    let stored = schema.aggregators.iter().find(|stored| stored.name() == metric.name);
    let Some(stored) = stored else {
        let reason =
            format!("no segment has a metric [{}], and none can be made of rows that are rolled up", metric.name);
        return Err(Error::invalid(path, reason));
    };
    let tag = |aggregator: &dyn AggregatorSpec| match aggregator.type_tag() {
        "count" => "longSum",
        tag => tag,
    };
    let is_state = matches!(stored.state_type(), ColumnType::State(_));
    let goes_on = stored.state_type() == metric.aggregator.state_type()
        && (is_state || tag(&**stored) == tag(&*metric.aggregator));
    if goes_on {
        return Ok(stored.clone());
    }
    let (before, now) = (stored.type_tag(), metric.aggregator.type_tag());
    Err(Error::invalid(path, format!("metric [{}] is stored as [{before}] and cannot become [{now}]", metric.name)))
}
