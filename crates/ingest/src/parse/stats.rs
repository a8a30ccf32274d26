//! The row counters of Druid's reports.

use serde_json::{Value, json};

/// What became of the rows of a batch, a task or a lane; the names are those of Druid's reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowStats {
    /// Rows kept without any error.
    pub processed: u64,
    /// Bytes of all records read.
    pub processed_bytes: u64,
    /// Rows kept although a field of theirs was bad; the field is null.
    pub processed_with_error: u64,
    /// Rows or records dropped on purpose: empty, filtered, late, early, outside the intervals.
    pub thrown_away: u64,
    /// Rows or records dropped because they could not be read.
    pub unparseable: u64,
}

impl RowStats {
    /// Adds the counters of `other`.
    pub fn add(&mut self, other: &RowStats) {
        self.processed += other.processed;
        self.processed_bytes += other.processed_bytes;
        self.processed_with_error += other.processed_with_error;
        self.thrown_away += other.thrown_away;
        self.unparseable += other.unparseable;
    }

    /// The counters under the names of Druid's reports.
    pub fn to_json(&self) -> Value {
        json!({
            "processed": self.processed,
            "processedBytes": self.processed_bytes,
            "processedWithError": self.processed_with_error,
            "thrownAway": self.thrown_away,
            "unparseable": self.unparseable,
        })
    }
}
