use timeline::{Interval, SegmentId, ShardSpec, instant};

use crate::records::{Field, MetricSums, Value, record, words};

words! {
    RemovedWhy { Retired = "retired", Replaced = "replaced", }
}

record! {
    /// A segment. It is live while `removed_at` is absent, whatever its version says.
    Segment in "segments", 1 keys {
        /// Chosen by the writer before the upload; also the id of its object.
        seg_id: String,
        datasource_id: String,
        datasource: String,
        /// Time chunk, milliseconds, end exclusive.
        start: i64,
        end: i64,
        /// Milliseconds; clients see it as an instant in text.
        version: i64,
        partition_num: u32,
        shard_spec: ShardSpec,
        path: String,
        size: i64,
        /// SHA-256 of the object in hexadecimal.
        hash: String,
        rows: i64,
        /// Records folded into the rows.
        weight_sum: i64,
        metric_sums: MetricSums,
        /// First and last row time, inclusive.
        min_time: i64,
        max_time: i64,
        /// What readers need to know of the schema, as JSON text (dimensions, metrics, ...).
        meta: String,
        /// `cut:<id>` or `job:<id>`.
        created_by: String,
        /// Snapshot that made it live.
        added_at: i64,
        added_time: i64,
        /// Snapshot that removed it.
        removed_at: Option<i64>,
        removed_time: Option<i64>,
        removed_why: Option<RemovedWhy>,
        /// Reason id or job that removed it.
        removed_by: Option<String>,
        /// Reason id and snapshot that brought it back.
        undone_by: Option<String>,
        restored_at: Option<i64>,
    }
}

impl Field for ShardSpec {
    fn put(&self) -> Value {
        // A tree of text and numbers always has a JSON form.
        Value::Text(serde_json::to_string(self).unwrap_or_default())
    }
    fn take(value: Value) -> Result<Self, String> {
        let text = String::take(value)?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

impl Segment {
    pub fn interval(&self) -> Interval {
        Interval { start: self.start, end: self.end }
    }

    /// The version as clients see it.
    pub fn version_text(&self) -> String {
        instant::text(self.version)
    }

    /// The id as clients see it.
    pub fn id(&self) -> SegmentId {
        SegmentId::new(self.datasource.clone(), self.interval(), self.version_text(), self.partition_num)
    }

    pub fn is_live(&self) -> bool {
        self.removed_at.is_none()
    }

    /// True when a reader of that snapshot sees it.
    pub fn is_live_at(&self, snapshot: i64) -> bool {
        self.added_at <= snapshot && self.removed_at.is_none_or(|at| at > snapshot)
    }
}
