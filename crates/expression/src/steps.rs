//! The rows of a segment that is sorted by time, cut into steps within which something of time stays the same.

use std::ops::Range;

use arrow_array::{ArrayRef, Int64Array};
use segment::{ReadCodes, SortedTimes, narrow};
use timeline::Granularity;

/// Zones are told apart from each other by whole quarters of an hour.
pub(crate) const QUARTER_MS: i64 = 900_000;
/// Most steps that a segment is cut into.
const MAX_STEPS: usize = 1 << 16;
/// Rows for each step, so that cutting pays.
const MIN_ROWS_EACH: usize = 4;

/// Steps that hold rows.
#[derive(Debug)]
pub(crate) struct Steps {
    /// The first row of each, and at the end the number of rows.
    starts: Vec<u32>,
    firsts: Int64Array,
    lasts: Int64Array,
}

impl Steps {
    /// Steps of so many milliseconds, counted from the epoch. `None` when there would be too many.
    pub fn of(times: &SortedTimes, num_rows: usize, step_ms: i64) -> Option<Steps> {
        let most = MAX_STEPS.min(num_rows / MIN_ROWS_EACH);
        let (mut starts, mut firsts, mut lasts) = (vec![0], Vec::new(), Vec::new());
        let mut row = 0;
        while row < num_rows {
            if step_ms < 2 || firsts.len() == most {
                return None;
            }
            let first = times.time_of(row);
            let end = first.div_euclid(step_ms).checked_add(1)?.checked_mul(step_ms)?;
            row = times.first_row_from(end);
            firsts.push(first);
            lasts.push(times.time_of(row - 1));
            starts.push(u32::try_from(row).ok()?);
        }
        Some(Steps { starts, firsts: firsts.into(), lasts: lasts.into() })
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The time of the first row of each step.
    pub fn firsts(&self) -> &Int64Array {
        &self.firsts
    }

    /// The time of the last row of each step.
    pub fn lasts(&self) -> &Int64Array {
        &self.lasts
    }

    fn step_of(&self, row: usize) -> u32 {
        (self.starts.partition_point(|start| *start as usize <= row) as u32).saturating_sub(1)
    }
}

/// The step of each row.
impl ReadCodes for Steps {
    fn num_rows(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        let mut codes = Vec::with_capacity(rows.len());
        let mut step = self.step_of(rows.start);
        while codes.len() < rows.len() {
            let end = rows.end.min(self.starts[step as usize + 1] as usize);
            codes.resize(end - rows.start, step);
            step += 1;
        }
        narrow(&codes, self.len())
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        let codes: Vec<u32> = rows.iter().map(|row| self.step_of(*row as usize)).collect();
        narrow(&codes, self.len())
    }
}

/// Steps within which the start of a bucket stays the same, as far as can be told from the one at the epoch.
pub(crate) fn step_of(granularity: &Granularity) -> i64 {
    let bucket = granularity.bucket(0);
    let length = bucket.end.saturating_sub(bucket.start);
    divisor(divisor(QUARTER_MS, length), bucket.start)
}

/// The greatest common divisor.
pub(crate) fn divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b > 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use segment::widen;

    #[test]
    fn rows_know_their_step() {
        let times: Vec<i64> = (0..1_000).map(|row| row / 3 * 7 - 500).collect();
        let sorted = SortedTimes::from_times(&times).unwrap();
        let steps = Steps::of(&sorted, 1_000, 100).unwrap();
        let of_row = |row: usize| (times[row].div_euclid(100) + 5) as u32;
        assert_eq!(widen(&*steps.read(0..1_000)).unwrap(), (0..1_000).map(of_row).collect::<Vec<_>>());
        assert_eq!(widen(&*steps.read(123..124)).unwrap(), [of_row(123)]);
        assert_eq!(widen(&*steps.take(&[999, 0, 500])).unwrap(), [of_row(999), of_row(0), of_row(500)]);
        for step in 0..steps.len() {
            assert_eq!(steps.firsts().value(step).div_euclid(100), steps.lasts().value(step).div_euclid(100));
        }
        assert!(Steps::of(&sorted, 1_000, 1).is_none());
        assert!(Steps::of(&sorted, 1_000, 7).is_none(), "a step for each three rows does not pay");
    }

    #[test]
    fn buckets_are_whole_steps() {
        for (period, step) in
            [("PT1M", 60_000), ("PT7M", 60_000), ("PT1H", QUARTER_MS), ("P1M", QUARTER_MS), ("PT1S", 1_000)]
        {
            let period = timeline::Period::parse(period).unwrap();
            let granularity = Granularity::period(period, timeline::TimeZone::UTC, None).unwrap();
            assert_eq!(step_of(&granularity), step);
        }
        assert_eq!(step_of(&Granularity::None), 1);
    }
}
