//! What is known of one segment.

use aggregate::{ColumnType, Dictionary};
use segment::{SegmentRef, TIME_COLUMN};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Result;
use crate::fields::{Fields, unknown};

/// The parts asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// `None` is all columns.
    pub columns: Option<Vec<String>>,
    cardinality: bool,
    interval: bool,
    minmax: bool,
    size: bool,
    timestamp_spec: bool,
    query_granularity: bool,
    aggregators: bool,
    rollup: bool,
}

impl Wanted {
    pub fn parse(fields: &Fields<'_>) -> Result<Self> {
        let mut wanted = Wanted::default();
        if fields.get("analysisTypes").is_none() {
            return Ok(Wanted { cardinality: true, interval: true, minmax: true, ..wanted });
        }
        for name in fields.texts("analysisTypes")? {
            match name.to_ascii_lowercase().as_str() {
                "cardinality" => wanted.cardinality = true,
                "interval" => wanted.interval = true,
                "minmax" => wanted.minmax = true,
                "size" => wanted.size = true,
                "timestampspec" => wanted.timestamp_spec = true,
                "querygranularity" => wanted.query_granularity = true,
                "aggregators" => wanted.aggregators = true,
                "rollup" => wanted.rollup = true,
                "projections" => {}
                _ => {
                    let known = [
                        "cardinality",
                        "interval",
                        "minmax",
                        "size",
                        "timestampSpec",
                        "queryGranularity",
                        "aggregators",
                        "rollup",
                        "projections",
                    ];
                    return Err(unknown("entry of 'analysisTypes'", &name, known.into_iter()));
                }
            }
        }
        Ok(wanted)
    }
}

/// One segment, or several merged.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Analysis {
    pub id: String,
    pub start_ms: i64,
    pub end_ms: i64,
    /// Interval of the segment as text.
    pub interval: String,
    /// Milliseconds; `None` when not asked for.
    pub intervals: Option<Vec<(i64, i64)>>,
    pub columns: Vec<(String, ColumnAnalysis)>,
    pub size: u64,
    pub num_rows: u64,
    /// By name, null for a conflict.
    pub aggregators: Option<Map<String, Value>>,
    pub timestamp_spec: Option<Value>,
    pub query_granularity: Option<Value>,
    pub rollup: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ColumnAnalysis {
    pub type_signature: String,
    pub has_multiple_values: bool,
    pub has_nulls: bool,
    pub size: u64,
    pub cardinality: Option<u64>,
    pub min: Option<String>,
    pub max: Option<String>,
    pub error: Option<String>,
}

impl Analysis {
    pub fn of(segment: &SegmentRef, wanted: &Wanted) -> Self {
        let (interval, metadata) = (segment.id().interval, segment.metadata());
        let mut columns = Vec::new();
        for column in segment.schema().visible() {
            let is_wanted = wanted.columns.as_ref().is_none_or(|names| names.iter().any(|name| *name == *column.name));
            if is_wanted && let Some(analysis) = ColumnAnalysis::of(segment, &column.name, wanted) {
                columns.push((column.name.to_string(), analysis));
            }
        }
        let all = segment.schema().visible().filter_map(|column| segment.column(&column.name));
        Self {
            id: segment.id().to_string(),
            start_ms: interval.start,
            end_ms: interval.end,
            interval: interval.to_string(),
            intervals: wanted.interval.then(|| vec![(interval.start, interval.end)]),
            columns,
            size: if wanted.size { all.map(|column| column.size_bytes()).sum() } else { 0 },
            num_rows: segment.num_rows() as u64,
            aggregators: wanted.aggregators.then(|| by_name(&metadata.aggregators)).filter(|map| !map.is_empty()),
            timestamp_spec: metadata.timestamp_spec.clone().filter(|_| wanted.timestamp_spec),
            query_granularity: metadata.query_granularity.clone().filter(|_| wanted.query_granularity),
            rollup: metadata.rollup.filter(|_| wanted.rollup),
        }
    }

    /// The element of the answer.
    pub fn to_answer(&self) -> Value {
        let text = |(start, end): &(i64, i64)| timeline::Interval { start: *start, end: *end }.to_string();
        let intervals = self.intervals.as_ref().map(|all| all.iter().map(text).collect::<Vec<_>>());
        let columns: Map<String, Value> =
            self.columns.iter().map(|(name, column)| (name.clone(), column.to_answer())).collect();
        json!({
            "id": self.id,
            "intervals": intervals,
            "columns": columns,
            "size": self.size,
            "numRows": self.num_rows,
            "aggregators": self.aggregators,
            "projections": null,
            "timestampSpec": self.timestamp_spec,
            "queryGranularity": self.query_granularity,
            "rollup": self.rollup,
        })
    }
}

fn by_name(aggregators: &[Value]) -> Map<String, Value> {
    let named = |json: &Value| Some((json.get("name")?.as_str()?.to_owned(), merged_form(json)));
    aggregators.iter().filter_map(named).collect()
}

/// A segment's metrics are described by the aggregators that merge them.
fn merged_form(json: &Value) -> Value {
    match aggregate::parse_aggregator(segment::unfiltered(json).0, crate::expressions::aggregator_kinds()) {
        Ok(spec) => spec.merging().to_json(),
        Err(_) => json.clone(),
    }
}

impl ColumnAnalysis {
    fn of(segment: &SegmentRef, name: &str, wanted: &Wanted) -> Option<Self> {
        let column = segment.column(name)?;
        let dictionary = column.dictionary();
        let is_text = column.column_type() == ColumnType::String;
        // A column of states may hold nulls as far as clients can tell.
        let is_state = matches!(column.column_type(), ColumnType::State(_));
        let bound = |pick: fn(&dyn Dictionary) -> Option<String>| {
            if wanted.minmax && is_text { dictionary.as_deref().and_then(pick) } else { None }
        };
        let len = dictionary.as_ref().map_or(0, |dictionary| dictionary.len() as u64);
        Some(Self {
            type_signature: column.column_type().to_string(),
            has_multiple_values: column.is_multi_value(),
            has_nulls: is_state || (name != TIME_COLUMN && column.has_nulls()),
            size: if wanted.size { column.size_bytes() } else { 0 },
            cardinality: is_text.then_some(if wanted.cardinality { len } else { 0 }),
            min: bound(|dictionary| edge(dictionary, false)),
            max: bound(|dictionary| edge(dictionary, true)),
            error: None,
        })
    }

    fn to_answer(&self) -> Value {
        let inner = self.type_signature.strip_prefix("COMPLEX<").and_then(|name| name.strip_suffix('>'));
        json!({
            "typeSignature": self.type_signature,
            "type": inner.unwrap_or(&self.type_signature),
            "hasMultipleValues": self.has_multiple_values,
            "hasNulls": self.has_nulls,
            "size": self.size,
            "cardinality": self.cardinality,
            "minValue": self.min,
            "maxValue": self.max,
            "errorMessage": self.error,
        })
    }
}

/// The first or last value of a dictionary, null before all.
fn edge(dictionary: &dyn Dictionary, last: bool) -> Option<String> {
    let num = u32::try_from(dictionary.len()).ok()?;
    if dictionary.is_sorted() {
        let code = if last { num.checked_sub(1)? } else { 0 };
        return dictionary.get(code).map(str::to_owned);
    }
    let values = (0..num).map(|code| dictionary.get(code));
    let by = |a: &Option<&str>, b: &Option<&str>| dialect::order::compare_nullable(*a, *b);
    let found = if last { values.max_by(by) } else { values.min_by(by) };
    found.flatten().map(str::to_owned)
}
