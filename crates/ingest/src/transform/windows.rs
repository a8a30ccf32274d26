//! Limits to the times of rows.

use timeline::Interval;

use crate::parse::{ParsedBatch, RawBatch, Reason};

/// Which times are taken. A replay decides as the first reading did: late and early go by the time of
/// the record itself, never by a clock. Records without a time of their own are never late or early.
#[derive(Debug, Clone, Default)]
pub struct Windows {
    /// Rows older than the record's time by more than this are late.
    pub late_ms: Option<i64>,
    /// Rows newer than the record's time by more than this are early.
    pub early_ms: Option<i64>,
    /// Rows before this are late.
    pub not_before_ms: Option<i64>,
    /// Rows outside all of these, which are sorted and apart, are thrown away; empty takes all.
    pub intervals: Vec<Interval>,
}

impl Windows {
    /// Clears the bits of rows that are not taken, and notes why.
    pub(crate) fn apply(&self, raw: &RawBatch<'_>, batch: &mut ParsedBatch) {
        let rows = batch.num_rows();
        if batch.keep.len() != rows.div_ceil(64) {
            batch.keep = all_rows(rows);
        }
        let bounded = self.late_ms.is_some() || self.early_ms.is_some() || self.not_before_ms.is_some();
        if !bounded && self.intervals.is_empty() {
            return;
        }
        for row in 0..rows {
            let bit = 1u64 << (row % 64);
            if batch.keep[row / 64] & bit == 0 {
                continue;
            }
            let record = &raw.records[batch.row_record[row] as usize];
            if let Some(reason) = self.refuses(batch.time[row], record.time_ms) {
                batch.keep[row / 64] &= !bit;
                batch.thrown.push((row as u32, reason));
            }
        }
    }

    fn refuses(&self, time: i64, record_ms: Option<i64>) -> Option<Reason> {
        if self.not_before_ms.is_some_and(|least| time < least) {
            return Some(Reason::Late);
        }
        if let Some(now) = record_ms {
            if self.late_ms.is_some_and(|late| time < now.saturating_sub(late)) {
                return Some(Reason::Late);
            }
            if self.early_ms.is_some_and(|early| time > now.saturating_add(early)) {
                return Some(Reason::Early);
            }
        }
        let inside = |intervals: &[Interval]| {
            let after = intervals.partition_point(|interval| interval.start <= time);
            after > 0 && time < intervals[after - 1].end
        };
        (!self.intervals.is_empty() && !inside(&self.intervals)).then_some(Reason::OutsideIntervals)
    }
}

/// A mask of the first `rows` rows.
pub(crate) fn all_rows(rows: usize) -> Vec<u64> {
    let mut words = vec![u64::MAX; rows.div_ceil(64)];
    if !rows.is_multiple_of(64)
        && let Some(last) = words.last_mut()
    {
        *last = (1 << (rows % 64)) - 1;
    }
    words
}
