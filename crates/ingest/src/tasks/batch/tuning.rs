//! `tuningConfig` and `partitionsSpec` of batch tasks.

use serde_json::{Map, Value, json};

use crate::Result;
use crate::spec::fields::Fields;

/// Rows of a segment unless the spec says otherwise.
const MAX_ROWS_PER_SEGMENT: i64 = 5_000_000;
/// Rows of all open segments, and bytes of rows in memory, unless the spec says otherwise.
const MAX_TOTAL_ROWS: i64 = 20_000_000;
const MAX_BYTES_IN_MEMORY: usize = 256 << 20;

/// How the rows of a time chunk are spread over segments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Partitions {
    /// In the order of reading; a segment is closed when it is full, all when they are too many rows together.
    Dynamic { max_rows: i64, max_total_rows: i64 },
    /// By hash of dimensions; all of them when none is named.
    Hashed { dimensions: Vec<String>, num_shards: Option<i64>, target_rows: i64 },
    /// By ranges of dimensions.
    Range { dimensions: Vec<String>, target_rows: i64, single: bool },
}

/// The parts of a `tuningConfig` that have a meaning here.
#[derive(Debug, Clone)]
pub(crate) struct Tuning {
    pub(crate) partitions: Partitions,
    /// Rows and bytes that live indexes hold; beyond, they go to the local disk.
    pub(crate) max_rows_in_memory: i64,
    pub(crate) max_bytes_in_memory: usize,
    /// Bad rows after which the task fails; none is without limit.
    pub(crate) max_parse_exceptions: Option<i64>,
    pub(crate) max_saved_parse_exceptions: i64,
    pub(crate) log_parse_exceptions: bool,
    /// Properties that were given and have no meaning here.
    pub(crate) ignored: Vec<String>,
    written: Map<String, Value>,
}

/// The properties with a meaning.
const MEANT: &[&str] = &[
    "type",
    "partitionsSpec",
    "forceGuaranteedRollup",
    "maxRowsPerSegment",
    "maxTotalRows",
    "numShards",
    "partitionDimensions",
    "maxRowsInMemory",
    "maxBytesInMemory",
    "reportParseExceptions",
    "maxParseExceptions",
    "maxSavedParseExceptions",
    "logParseExceptions",
];

impl Tuning {
    pub(crate) fn parse(fields: Option<Fields<'_>>, task_type: &str) -> Result<Tuning> {
        let nothing = json!({});
        let fields = match fields {
            Some(fields) => fields,
            None => Fields::of(&nothing, "tuningConfig")?,
        };
        if let Some(given) = fields.text("type")?
            && given != "index_parallel"
            && given != "index"
        {
            return Err(fields.wrong("type", format!("must be [{task_type}], not [{given}]")));
        }
        let perfect = fields.boolean("forceGuaranteedRollup", false)?;
        let max_rows = fields.long_within("maxRowsInMemory", 1_000_000, 1, i64::from(u32::MAX))?;
        let partitions = partitions(&fields, perfect)?;
        let strict = fields.boolean("reportParseExceptions", false)?;
        let max_parse = fields.long("maxParseExceptions")?.filter(|most| *most >= 0 && *most < i64::from(i32::MAX));
        Ok(Tuning {
            partitions,
            max_rows_in_memory: max_rows,
            max_bytes_in_memory: max_bytes(&fields)?,
            max_parse_exceptions: if strict { Some(0) } else { max_parse },
            max_saved_parse_exceptions: fields.long_within("maxSavedParseExceptions", i64::from(strict), 0, 100_000)?,
            log_parse_exceptions: fields.boolean("logParseExceptions", false)?,
            ignored: fields.others(MEANT),
            written: printed(&fields, task_type)?,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        Value::Object(self.written.clone())
    }
}

/// Bytes that rows may take in memory: as given, without a limit when negative.
fn max_bytes(fields: &Fields<'_>) -> Result<usize> {
    Ok(match fields.long("maxBytesInMemory")? {
        None | Some(0) => MAX_BYTES_IN_MEMORY,
        Some(given) => usize::try_from(given).unwrap_or(usize::MAX),
    })
}

/// Rows of all segments that are open at once.
fn total_rows(fields: &Fields<'_>, otherwise: Option<i64>) -> Result<i64> {
    let given = fields.long("maxTotalRows")?.or(otherwise);
    Ok(given.filter(|most| *most > 0).unwrap_or(MAX_TOTAL_ROWS))
}

fn partitions(fields: &Fields<'_>, perfect: bool) -> Result<Partitions> {
    let per_segment = fields.long("maxRowsPerSegment")?.filter(|most| *most > 0);
    let Some(spec) = fields.object("partitionsSpec")? else {
        let num_shards = fields.long("numShards")?.filter(|number| *number > 0);
        let dimensions = fields.texts("partitionDimensions")?.unwrap_or_default();
        let target_rows = per_segment.unwrap_or(MAX_ROWS_PER_SEGMENT);
        return Ok(match perfect {
            true => Partitions::Hashed { dimensions, num_shards, target_rows },
            false => Partitions::Dynamic { max_rows: target_rows, max_total_rows: total_rows(fields, None)? },
        });
    };
    let found = partitions_of(&spec, per_segment, fields.long("maxTotalRows")?)?;
    match (&found, perfect) {
        (Partitions::Dynamic { .. }, true) => {
            Err(fields.wrong("partitionsSpec", "DynamicPartitionsSpec cannot be used for perfect rollup"))
        }
        (Partitions::Hashed { .. } | Partitions::Range { .. }, false) => {
            Err(fields.wrong("partitionsSpec", "only [dynamic] is possible without forceGuaranteedRollup"))
        }
        _ => Ok(found),
    }
}

fn partitions_of(spec: &Fields<'_>, per_segment: Option<i64>, total: Option<i64>) -> Result<Partitions> {
    let positive = |name: &str| Ok::<_, crate::Error>(spec.long(name)?.filter(|number| *number > 0));
    let target = || -> Result<Option<i64>> {
        for name in ["targetRowsPerSegment", "targetPartitionSize", "maxRowsPerSegment", "maxPartitionSize"] {
            if let Some(rows) = positive(name)? {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    };
    let dimensions = || Ok::<_, crate::Error>(spec.texts("partitionDimensions")?.unwrap_or_default());
    match spec.tag(None)?.as_str() {
        "dynamic" => {
            let max_rows = positive("maxRowsPerSegment")?.or(per_segment).unwrap_or(MAX_ROWS_PER_SEGMENT);
            Ok(Partitions::Dynamic { max_rows, max_total_rows: total_rows(spec, total)? })
        }
        "hashed" => {
            match spec.text("partitionFunction")?.as_deref() {
                None | Some("murmur3_32_abs") => {}
                Some(other) => {
                    let reason = format!("must be [murmur3_32_abs], not [{other}]");
                    return Err(spec.wrong("partitionFunction", reason));
                }
            }
            let num_shards = positive("numShards")?;
            if num_shards.is_some_and(|number| number > 10_000) {
                return Err(spec.wrong("numShards", "must be at most 10000"));
            }
            let target_rows = target()?.unwrap_or(MAX_ROWS_PER_SEGMENT);
            Ok(Partitions::Hashed { dimensions: dimensions()?, num_shards, target_rows })
        }
        "range" => {
            let dimensions = dimensions()?;
            if dimensions.is_empty() {
                return Err(spec.wrong("partitionDimensions", "is required"));
            }
            let target_rows =
                target()?.ok_or_else(|| spec.wrong("targetRowsPerSegment", "or maxRowsPerSegment is required"))?;
            Ok(Partitions::Range { dimensions, target_rows, single: false })
        }
        "single_dim" => {
            let dimension = match spec.text("partitionDimension")? {
                Some(dimension) => dimension,
                None => return Err(spec.wrong("partitionDimension", "is required")),
            };
            let target_rows =
                target()?.ok_or_else(|| spec.wrong("targetRowsPerSegment", "or maxRowsPerSegment is required"))?;
            Ok(Partitions::Range { dimensions: vec![dimension], target_rows, single: true })
        }
        other => Err(spec.wrong("type", format!("must be dynamic, hashed, range or single_dim, not [{other}]"))),
    }
}

/// The config with the defaults that clients know.
fn printed(fields: &Fields<'_>, task_type: &str) -> Result<Map<String, Value>> {
    let index_spec = json!({"bitmap": {"type": "roaring"}, "dimensionCompression": "lz4",
        "stringDictionaryEncoding": {"type": "utf8"}, "metricCompression": "lz4", "longEncoding": "longs"});
    let defaults = json!({
        "type": task_type, "maxRowsPerSegment": null,
        "appendableIndexSpec": {"type": "onheap", "preserveExistingMetrics": false},
        "maxRowsInMemory": 1_000_000, "maxBytesInMemory": 0, "skipBytesInMemoryOverheadCheck": false,
        "maxTotalRows": null, "numShards": null, "splitHintSpec": null, "partitionsSpec": null,
        "indexSpec": index_spec, "indexSpecForIntermediatePersists": index_spec, "maxPendingPersists": 0,
        "forceGuaranteedRollup": false, "reportParseExceptions": false, "pushTimeout": 0,
        "segmentWriteOutMediumFactory": null, "maxNumConcurrentSubTasks": 1, "maxRetry": 3,
        "taskStatusCheckPeriodMs": 1000, "chatHandlerTimeout": "PT10S", "chatHandlerNumRetries": 5,
        "maxNumSegmentsToMerge": 100, "totalNumMergeTasks": 10, "logParseExceptions": false,
        "maxParseExceptions": i32::MAX, "maxSavedParseExceptions": 0, "maxColumnsToMerge": -1,
        "awaitSegmentAvailabilityTimeoutMillis": 0, "maxAllowedLockCount": -1, "numPersistThreads": 1,
        "partitionDimensions": [],
    });
    let Value::Object(mut out) = defaults else { return Ok(Map::new()) };
    for (name, value) in &mut out {
        if name != "type"
            && let Some(given) = fields.get(name)
        {
            *value = given.clone();
        }
    }
    Ok(out)
}
