//! The times of rows that are sorted by time: as runs of equal ones, near the first time of their block, or as the
//! narrow integers of a column.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_buffer::ScalarBuffer;
use timeline::Interval;

use crate::PackedNumbers;

/// Rows that are told by the distance to the first of them.
pub const BLOCK_ROWS: usize = 1_024;

/// Times that never descend from row to row.
#[derive(Clone, Debug)]
pub struct SortedTimes {
    form: Form,
    num_rows: usize,
}

#[derive(Clone, Debug)]
enum Form {
    /// Distinct times, and the first row of each.
    Runs { times: ScalarBuffer<i64>, starts: ScalarBuffer<u32> },
    /// The first time of each block, and how far each row is behind it.
    Blocks { firsts: ScalarBuffer<i64>, behind: Behind },
    /// Those of the time column.
    Column(PackedNumbers),
}

/// Milliseconds behind the first time of a block.
#[derive(Clone, Debug)]
pub enum Behind {
    U16(ScalarBuffer<u16>),
    U32(ScalarBuffer<u32>),
}

impl Behind {
    /// The distances of sorted times at the narrowest width. `None` when a block spans too much time.
    pub fn of(times: &[i64]) -> Option<Self> {
        let far = times.chunks(BLOCK_ROWS).filter_map(|block| block.last()?.checked_sub(*block.first()?)).max();
        let behind = || times.chunks(BLOCK_ROWS).flat_map(|block| block.iter().map(|time| time.wrapping_sub(block[0])));
        match far.unwrap_or(0) {
            0..=0xffff => Some(Behind::U16(behind().map(|behind| behind as u16).collect())),
            0x1_0000..=0xffff_ffff => Some(Behind::U32(behind().map(|behind| behind as u32).collect())),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Behind::U16(behind) => behind.len(),
            Behind::U32(behind) => behind.len(),
        }
    }

    #[inline]
    fn get(&self, row: usize) -> i64 {
        match self {
            Behind::U16(behind) => behind[row].into(),
            Behind::U32(behind) => behind[row].into(),
        }
    }
}

impl SortedTimes {
    /// `None` when the rows are not sorted by time.
    pub fn from_times(times: &[i64]) -> Option<Self> {
        let (mut distinct, mut starts) = (Vec::new(), Vec::new());
        for (row, &time) in times.iter().enumerate() {
            match distinct.last() {
                Some(&last) if last == time => {}
                Some(&last) if last > time => return None,
                _ => {
                    distinct.push(time);
                    starts.push(u32::try_from(row).ok()?);
                }
            }
        }
        let form = Form::Runs { times: distinct.into(), starts: starts.into() };
        Some(Self { form, num_rows: times.len() })
    }

    /// `None` unless both lists are as long, strictly ascending, start at row 0 and stay below `num_rows`.
    pub fn from_runs(times: ScalarBuffer<i64>, starts: ScalarBuffer<u32>, num_rows: usize) -> Option<Self> {
        let sorted = times.is_sorted_by(|a, b| a < b) && starts.is_sorted_by(|a, b| a < b);
        let bounded = starts.last().is_none_or(|&last| (last as usize) < num_rows);
        let starts_well = starts.first().is_none_or(|&first| first == 0) && starts.is_empty() == (num_rows == 0);
        let sound = sorted && bounded && starts_well && times.len() == starts.len();
        sound.then_some(Self { form: Form::Runs { times, starts }, num_rows })
    }

    /// `None` unless there is a first time for each block of the rows and, where they are `checked`, times ascend.
    pub fn from_blocks(firsts: ScalarBuffer<i64>, behind: Behind, checked: bool) -> Option<Self> {
        let num_rows = behind.len();
        if firsts.len() != num_rows.div_ceil(BLOCK_ROWS) {
            return None;
        }
        let starts_well = || (0..num_rows).step_by(BLOCK_ROWS).all(|row| behind.get(row) == 0);
        let far = || firsts.last().is_none_or(|last| last.checked_add(u32::MAX.into()).is_some());
        let sound = !checked || starts_well() && far();
        let times = Self { form: Form::Blocks { firsts, behind }, num_rows };
        let ascends = |times: &Self| (1..num_rows).all(|row| times.time_of(row - 1) <= times.time_of(row));
        (sound && (!checked || ascends(&times))).then_some(times)
    }

    /// The times of a column whose rows are known to ascend.
    pub(crate) fn known(times: &PackedNumbers) -> Self {
        Self { form: Form::Column(times.clone()), num_rows: times.len() }
    }

    pub fn num_rows(&self) -> usize {
        self.num_rows
    }

    /// How many times differ.
    pub fn num_distinct(&self) -> usize {
        match &self.form {
            Form::Runs { times, .. } => times.len(),
            Form::Blocks { .. } | Form::Column(_) => {
                let news = (1..self.num_rows).filter(|&row| self.time_of(row - 1) != self.time_of(row));
                news.count() + usize::from(self.num_rows > 0)
            }
        }
    }

    /// From the first time to the last and one millisecond; empty when there is no row.
    pub fn range(&self) -> Interval {
        match self.num_rows {
            0 => Interval { start: 0, end: 0 },
            num_rows => Interval { start: self.time_of(0), end: self.time_of(num_rows - 1).saturating_add(1) },
        }
    }

    /// The time of a row. Panics when there is no such row.
    pub fn time_of(&self, row: usize) -> i64 {
        assert!(row < self.num_rows, "row {row} of {}", self.num_rows);
        match &self.form {
            Form::Runs { times, starts } => times[starts.partition_point(|&start| start as usize <= row) - 1],
            Form::Blocks { firsts, behind } => firsts[row / BLOCK_ROWS].wrapping_add(behind.get(row)),
            Form::Column(times) => times.long(row),
        }
    }

    /// The first row whose time is not before an instant; the number of rows if there is none.
    pub fn first_row_from(&self, instant: i64) -> usize {
        match &self.form {
            Form::Runs { times, starts } => {
                let run = times.partition_point(|&time| time < instant);
                starts.get(run).map_or(self.num_rows, |&start| start as usize)
            }
            Form::Blocks { firsts, .. } => {
                let Some(block) = firsts.partition_point(|&first| first < instant).checked_sub(1) else { return 0 };
                self.first_of(block * BLOCK_ROWS..self.num_rows.min((block + 1) * BLOCK_ROWS), instant)
            }
            Form::Column(_) => self.first_of(0..self.num_rows, instant),
        }
    }

    /// As `first_row_from`, among some rows.
    fn first_of(&self, rows: Range<usize>, instant: i64) -> usize {
        let (mut start, mut end) = (rows.start, rows.end);
        while start < end {
            let middle = start.midpoint(end);
            match self.time_of(middle) < instant {
                true => start = middle + 1,
                false => end = middle,
            }
        }
        start
    }

    /// Rows whose time lies in the interval.
    pub fn rows_within(&self, interval: Interval) -> Range<usize> {
        let start = self.first_row_from(interval.start);
        start..self.first_row_from(interval.end).max(start)
    }

    /// The times of a range of rows. Panics when it is out of bounds.
    pub fn read(&self, rows: Range<usize>) -> Int64Array {
        let mut out = Vec::with_capacity(rows.len());
        match &self.form {
            Form::Column(times) => return times.read(rows).as_primitive::<Int64Type>().clone(),
            Form::Runs { times, starts } => {
                let mut run = starts.partition_point(|&start| start as usize <= rows.start).saturating_sub(1);
                while out.len() < rows.len() {
                    let end = starts.get(run + 1).map_or(self.num_rows, |&next| next as usize).min(rows.end);
                    out.resize(end - rows.start, times[run]);
                    run += 1;
                }
            }
            Form::Blocks { firsts, behind } => {
                let mut start = rows.start;
                while start < rows.end {
                    let end = rows.end.min((start / BLOCK_ROWS + 1) * BLOCK_ROWS);
                    let first = firsts[start / BLOCK_ROWS];
                    match behind {
                        Behind::U16(b) => out.extend(b[start..end].iter().map(|&b| first.wrapping_add(b.into()))),
                        Behind::U32(b) => out.extend(b[start..end].iter().map(|&b| first.wrapping_add(b.into()))),
                    }
                    start = end;
                }
            }
        }
        Int64Array::from(out)
    }

    /// The times of scattered rows. Panics when one is out of bounds.
    pub fn take(&self, rows: &[u32]) -> Arc<Int64Array> {
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|&row| self.time_of(row as usize))))
    }

    /// Bytes of the lists; none of its own where they are those of the column.
    pub fn size_bytes(&self) -> usize {
        match &self.form {
            Form::Runs { times, starts } => size_of_val(&times[..]) + size_of_val(&starts[..]),
            Form::Column(_) => 0,
            Form::Blocks { firsts, behind: Behind::U16(behind) } => size_of_val(&firsts[..]) + size_of_val(&behind[..]),
            Form::Blocks { firsts, behind: Behind::U32(behind) } => size_of_val(&firsts[..]) + size_of_val(&behind[..]),
        }
    }

    /// Distinct times and the first row of each, where runs are what is held.
    pub(crate) fn runs(&self) -> Option<(&[i64], &[u32])> {
        match &self.form {
            Form::Runs { times, starts } => Some((times, starts)),
            Form::Blocks { .. } | Form::Column(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(times: &[i64]) -> [SortedTimes; 3] {
        let firsts = times.chunks(BLOCK_ROWS).map(|block| block[0]).collect();
        let blocks = SortedTimes::from_blocks(firsts, Behind::of(times).unwrap(), true).unwrap();
        let column = PackedNumbers::of(&(Arc::new(Int64Array::from(times.to_vec())) as arrow_array::ArrayRef)).unwrap();
        [SortedTimes::from_times(times).unwrap(), blocks, SortedTimes::known(&column)]
    }

    #[test]
    fn all_forms_find_what_a_scan_finds() {
        for step in [0, 1, 3, 70_000] {
            let times: Vec<i64> = (0..3_000).map(|row| (row / 2) * step - 40).collect();
            for sorted in forms(&times) {
                assert_eq!(sorted.read(0..3_000).values()[..], times);
                assert_eq!(sorted.read(1_000..2_050).values()[..], times[1_000..2_050]);
                assert_eq!(sorted.take(&[2_999, 0, 5]).values()[..], [times[2_999], times[0], times[5]]);
                for instant in [i64::MIN, -41, -40, -39, 0, step * 700, step * 700 + 1, times[2_999], i64::MAX] {
                    let expected = times.iter().take_while(|time| **time < instant).count();
                    assert_eq!(sorted.first_row_from(instant), expected, "{step} {instant}");
                }
                let mut distinct = times.clone();
                distinct.dedup();
                assert_eq!(sorted.num_distinct(), distinct.len());
                assert_eq!(sorted.range(), Interval { start: times[0], end: times[2_999] + 1 });
            }
        }
    }

    #[test]
    fn what_does_not_ascend_is_refused() {
        assert!(SortedTimes::from_times(&[1, 0]).is_none());
        let behind = || Behind::U16(vec![0, 2, 1].into());
        assert!(SortedTimes::from_blocks(vec![5].into(), behind(), true).is_none());
        assert!(SortedTimes::from_blocks(vec![5, 6].into(), behind(), false).is_none());
        assert!(Behind::of(&[0, 1 << 40]).is_none());
    }
}
