//! `tuningConfig` of a Kafka supervisor.

use serde_json::{Value, json};

use super::io_config::period;
use super::periods;
use crate::spec::fields::Fields;
use crate::{Error, Result};

/// Limits that a spec sets.
#[derive(Debug, Clone)]
pub(super) struct Tuning {
    /// Rows of one lane in memory before its chunk is closed.
    pub(super) max_rows_in_memory: i64,
    /// Bytes of one lane in memory before its chunk is closed; 0 = by the process.
    pub(super) max_bytes_in_memory: i64,
    /// More records with errors than this halt the lane.
    pub(super) max_parse_exceptions: Option<i64>,
    /// Errors kept for `parseErrors`.
    pub(super) max_saved_parse_exceptions: i64,
    /// A range that the log has lost is skipped instead of halting the lane.
    pub(super) reset_offset_automatically: bool,
    pub(super) log_parse_exceptions: bool,
    pub(super) offset_fetch_ms: i64,
    /// Properties that were given and have no meaning here.
    pub(super) ignored: Vec<String>,
    max_rows_per_segment: i64,
    /// Everything else, as written.
    given: Value,
}

const PATH: &str = "tuningConfig";
const MAX_INT: i64 = i32::MAX as i64;
const UNLIMITED: i64 = MAX_INT;

/// Accepted without a meaning, with their defaults: what they tune does not exist here.
const WITHOUT_MEANING: &[(&str, &str)] = &[
    ("appendableIndexSpec", r#"{"type":"onheap","preserveExistingMetrics":false}"#),
    ("skipBytesInMemoryOverheadCheck", "false"),
    ("maxTotalRows", "null"),
    ("intermediatePersistPeriod", "\"PT10M\""),
    ("maxPendingPersists", "0"),
    ("indexSpec", INDEX_SPEC),
    ("indexSpecForIntermediatePersists", INDEX_SPEC),
    ("handoffConditionTimeout", "900000"),
    ("segmentWriteOutMediumFactory", "null"),
    ("workerThreads", "null"),
    ("chatRetries", "8"),
    ("httpTimeout", "\"PT10S\""),
    ("shutdownTimeout", "\"PT80S\""),
    ("intermediateHandoffPeriod", "\"P2147483647D\""),
    ("numPersistThreads", "1"),
    ("maxColumnsToMerge", "-1"),
    ("skipSequenceNumberAvailabilityCheck", "false"),
    ("repartitionTransitionDuration", "\"PT120S\""),
];

const INDEX_SPEC: &str = r#"{"bitmap":{"type":"roaring"},"dimensionCompression":"lz4","stringDictionaryEncoding":{"type":"utf8"},"metricCompression":"lz4","longEncoding":"longs"}"#;

impl Tuning {
    pub(super) fn parse(value: Option<&Value>) -> Result<Tuning> {
        let none = json!({});
        let value = value.filter(|value| !value.is_null()).unwrap_or(&none);
        let fields = Fields::of(value, PATH)?;
        match fields.text("type")?.as_deref() {
            None | Some("kafka") => {}
            Some(other) => return Err(Error::invalid("tuningConfig.type", format!("[{other}] is not [kafka]"))),
        }
        let report = fields.boolean("reportParseExceptions", false)?;
        let given_limit = fields.long("maxParseExceptions")?;
        let ignored = WITHOUT_MEANING.iter().map(|(name, _)| *name).filter(|name| fields.get(name).is_some());
        Ok(Tuning {
            max_rows_in_memory: fields.long_within("maxRowsInMemory", 150_000, 1, MAX_INT)?,
            max_bytes_in_memory: fields.long_within("maxBytesInMemory", 0, -1, i64::MAX)?,
            max_parse_exceptions: if report { Some(0) } else { given_limit.filter(|limit| *limit < UNLIMITED) },
            max_saved_parse_exceptions: fields.long_within("maxSavedParseExceptions", 0, 0, 10_000)?,
            reset_offset_automatically: fields.boolean("resetOffsetAutomatically", false)?,
            log_parse_exceptions: fields.boolean("logParseExceptions", false)?,
            offset_fetch_ms: period(&fields, "offsetFetchPeriod")?.unwrap_or(30_000).max(5_000),
            ignored: ignored.map(|name| format!("{PATH}.{name}")).collect(),
            max_rows_per_segment: fields.long_within("maxRowsPerSegment", 5_000_000, 1, MAX_INT)?,
            given: value.clone(),
        })
    }

    /// With every default.
    pub(super) fn to_json(&self) -> Value {
        let mut out = json!({
            "type": "kafka",
            "maxRowsInMemory": self.max_rows_in_memory,
            "maxBytesInMemory": self.max_bytes_in_memory,
            "maxRowsPerSegment": self.max_rows_per_segment,
            "reportParseExceptions": self.max_parse_exceptions == Some(0) && self.given_flag("reportParseExceptions"),
            "resetOffsetAutomatically": self.reset_offset_automatically,
            "offsetFetchPeriod": periods::print(self.offset_fetch_ms),
            "logParseExceptions": self.log_parse_exceptions,
            "maxParseExceptions": self.max_parse_exceptions.unwrap_or(UNLIMITED),
            "maxSavedParseExceptions": self.max_saved_parse_exceptions,
        });
        for (name, default) in WITHOUT_MEANING {
            let given = self.given.get(*name).filter(|value| !value.is_null()).cloned();
            out[*name] = given.unwrap_or_else(|| serde_json::from_str(default).unwrap_or(Value::Null));
        }
        out
    }

    fn given_flag(&self, name: &str) -> bool {
        self.given.get(name).is_some_and(|value| *value == Value::Bool(true) || *value == json!("true"))
    }
}
