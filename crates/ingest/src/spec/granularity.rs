//! `granularitySpec`: time chunks of segments, truncation of row times, roll-up.

use serde_json::{Value, json};
use timeline::{Granularity, Interval, condense};

use super::fields::Fields;
use crate::Result;

/// How time is cut.
#[derive(Debug, Clone)]
pub struct GranularitySpec {
    /// Time chunks of segments.
    pub segment_granularity: Granularity,
    /// What row times are truncated to.
    pub query_granularity: Granularity,
    /// Whether rows with the same time and dimensions become one.
    pub rollup: bool,
    /// Intervals of a batch, condensed; rows outside are thrown away. Empty means anywhere.
    pub intervals: Vec<Interval>,
    written: [Value; 2],
    written_intervals: Vec<Value>,
}

impl GranularitySpec {
    /// Reads a `granularitySpec`; absent is days, no truncation, roll-up.
    pub fn parse(fields: Option<Fields<'_>>) -> Result<GranularitySpec> {
        let empty = serde_json::Map::new();
        let nothing = Value::Object(empty);
        let fields = match fields {
            Some(fields) => fields,
            None => Fields::of(&nothing, "dataSchema.granularitySpec")?,
        };
        match fields.tag(Some("uniform"))?.as_str() {
            "uniform" => {}
            other => return Err(fields.wrong("type", format!("must be [uniform], not [{other}]"))),
        }
        let (segment_granularity, segment_text) = granularity(&fields, "segmentGranularity", "DAY")?;
        let (query_granularity, query_text) = granularity(&fields, "queryGranularity", "NONE")?;
        if segment_granularity.is_none() {
            return Err(fields.wrong("segmentGranularity", "must be coarser than [none]"));
        }
        let rollup = fields.boolean("rollup", true)?;
        let (intervals, written_intervals) = intervals(&fields)?;
        Ok(GranularitySpec {
            segment_granularity,
            query_granularity,
            rollup,
            intervals,
            written: [segment_text, query_text],
            written_intervals,
        })
    }

    /// The spec with its defaults.
    pub fn to_json(&self) -> Value {
        json!({
            "type": "uniform",
            "segmentGranularity": self.written[0],
            "queryGranularity": self.written[1],
            "rollup": self.rollup,
            "intervals": self.written_intervals,
        })
    }
}

fn granularity(fields: &Fields<'_>, name: &str, default: &str) -> Result<(Granularity, Value)> {
    let written = fields.get(name).cloned().unwrap_or_else(|| Value::from(default));
    let found: Granularity =
        serde_json::from_value(written.clone()).map_err(|error| fields.wrong(name, error.to_string()))?;
    let shown = match (&written, found.name()) {
        (Value::String(_), Some(name)) => Value::from(name.to_ascii_uppercase()),
        _ => serde_json::to_value(&found).unwrap_or(written),
    };
    Ok((found, shown))
}

fn intervals(fields: &Fields<'_>) -> Result<(Vec<Interval>, Vec<Value>)> {
    let mut found = Vec::new();
    for (at, text) in fields.texts("intervals")?.unwrap_or_default().iter().enumerate() {
        let path = format!("intervals[{at}]");
        found.push(Interval::parse(text).map_err(|error| fields.wrong(&path, error.to_string()))?);
    }
    let written = found.iter().map(|interval| Value::from(interval.to_string())).collect();
    Ok((condense(found), written))
}
