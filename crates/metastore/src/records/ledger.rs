use serde::{Deserialize, Serialize};

use crate::records::{LaneId, record};

record! {
    /// What became of every offset of one range of one lane. A range that leads back says that the log has lost its
    /// end: it is skipped with a negative sign.
    Ledger in "ledger", 4 keys {
        source_id: String,
        source_gen: i64,
        partition: i32,
        from_offset: i64,
        to_offset: i64,
        /// The cut, `skip:<by>` or `accept:<by>`.
        cut_id: String,
        task_id: Option<String>,
        spec_version: i64,
        indexed: i64,
        filtered: i64,
        late: i64,
        dead: i64,
        absent: i64,
        skipped: i64,
        rows_out: i64,
        weight_sum: i64,
        processed: i64,
        processed_bytes: i64,
        processed_with_error: i64,
        thrown_away: i64,
        unparseable: i64,
        at: i64,
    }
}

impl Ledger {
    pub fn lane(&self) -> LaneId {
        LaneId { source_id: self.source_id.clone(), source_gen: self.source_gen, partition: self.partition }
    }

    /// A range that was given up, or taken back where it leads back.
    pub(crate) fn skipped(lane: &LaneId, (from_offset, to_offset): (i64, i64), cut_id: String, at: i64) -> Ledger {
        Ledger {
            source_id: lane.source_id.clone(),
            source_gen: lane.source_gen,
            partition: lane.partition,
            from_offset,
            to_offset,
            cut_id,
            task_id: None,
            spec_version: 0,
            indexed: 0,
            filtered: 0,
            late: 0,
            dead: 0,
            absent: 0,
            skipped: to_offset.saturating_sub(from_offset),
            rows_out: 0,
            weight_sum: 0,
            processed: 0,
            processed_bytes: 0,
            processed_with_error: 0,
            thrown_away: 0,
            unparseable: 0,
            at,
        }
    }

    /// Whether the log has lost the range after it was booked.
    pub fn is_taken_back(&self) -> bool {
        self.to_offset < self.from_offset
    }

    /// Whether every offset of the range is booked once.
    pub fn is_balanced(&self) -> bool {
        let Some(range) = self.to_offset.checked_sub(self.from_offset) else { return false };
        match self.is_taken_back() {
            true => self.books() == Books { skipped: range, ..Books::default() },
            false => self.books().total() == Some(range),
        }
    }

    pub fn books(&self) -> Books {
        Books {
            indexed: self.indexed,
            filtered: self.filtered,
            late: self.late,
            dead: self.dead,
            absent: self.absent,
            skipped: self.skipped,
        }
    }

    pub fn row_counts(&self) -> RowCounts {
        RowCounts {
            processed: self.processed,
            processed_bytes: self.processed_bytes,
            processed_with_error: self.processed_with_error,
            thrown_away: self.thrown_away,
            unparseable: self.unparseable,
        }
    }
}

/// Offsets by fate. An offset is booked once, by its best row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    pub indexed: i64,
    pub filtered: i64,
    pub late: i64,
    pub dead: i64,
    pub absent: i64,
    pub skipped: i64,
}

impl Books {
    /// Offsets booked; absent where a count is negative or the sum overflows.
    pub fn total(&self) -> Option<i64> {
        [self.indexed, self.filtered, self.late, self.dead, self.absent, self.skipped]
            .into_iter()
            .try_fold(0i64, |sum, n| if n < 0 { None } else { sum.checked_add(n) })
    }

    pub fn add(&mut self, other: &Books) {
        self.indexed += other.indexed;
        self.filtered += other.filtered;
        self.late += other.late;
        self.dead += other.dead;
        self.absent += other.absent;
        self.skipped += other.skipped;
    }
}

/// Rows as Druid counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    pub processed: i64,
    pub processed_bytes: i64,
    pub processed_with_error: i64,
    pub thrown_away: i64,
    pub unparseable: i64,
}

impl RowCounts {
    pub fn add(&mut self, other: &RowCounts) {
        self.processed += other.processed;
        self.processed_bytes += other.processed_bytes;
        self.processed_with_error += other.processed_with_error;
        self.thrown_away += other.thrown_away;
        self.unparseable += other.unparseable;
    }
}

record! {
    /// A range that was given up, and who decided it.
    Gap in "gaps", 4 keys {
        source_id: String,
        source_gen: i64,
        partition: i32,
        from_offset: i64,
        to_offset: i64,
        why: String,
        by: String,
        at: i64,
    }
}
