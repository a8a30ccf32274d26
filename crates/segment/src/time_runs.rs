//! Time as a run-length column.

use std::ops::Range;

use arrow_buffer::ScalarBuffer;
use timeline::Interval;

/// The distinct times of rows sorted by time, ascending, and the first row of each.
#[derive(Clone, Debug)]
pub struct TimeRuns {
    times: ScalarBuffer<i64>,
    starts: ScalarBuffer<u32>,
    num_rows: usize,
}

impl TimeRuns {
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
        Some(Self { times: distinct.into(), starts: starts.into(), num_rows: times.len() })
    }

    /// `None` unless both lists are as long, strictly ascending, start at row 0 and stay below `num_rows`.
    pub fn from_parts(times: ScalarBuffer<i64>, starts: ScalarBuffer<u32>, num_rows: usize) -> Option<Self> {
        let sorted = times.is_sorted_by(|a, b| a < b) && starts.is_sorted_by(|a, b| a < b);
        let bounded = starts.last().is_none_or(|&last| (last as usize) < num_rows);
        let starts_well = starts.first().is_none_or(|&first| first == 0) && starts.is_empty() == (num_rows == 0);
        (sorted && bounded && starts_well && times.len() == starts.len()).then_some(Self { times, starts, num_rows })
    }

    /// Number of distinct times.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    pub fn num_rows(&self) -> usize {
        self.num_rows
    }

    /// Milliseconds, strictly ascending.
    pub fn times(&self) -> &[i64] {
        &self.times
    }

    /// First row of each time.
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// Rows of the run at `at`. Panics when there is no such run.
    pub fn rows(&self, at: usize) -> Range<usize> {
        let end = self.starts.get(at + 1).map_or(self.num_rows, |&next| next as usize);
        self.starts[at] as usize..end
    }

    /// Runs whose time lies in the interval.
    pub fn runs_within(&self, interval: Interval) -> Range<usize> {
        let start = self.times.partition_point(|&t| t < interval.start);
        let end = self.times.partition_point(|&t| t < interval.end);
        start..end.max(start)
    }

    /// Rows whose time lies in the interval.
    pub fn rows_within(&self, interval: Interval) -> Range<usize> {
        let runs = self.runs_within(interval);
        self.first_row(runs.start)..self.first_row(runs.end)
    }

    /// The time of a row. Panics when there is no such row.
    pub fn time_of(&self, row: usize) -> i64 {
        assert!(row < self.num_rows, "row {row} of {}", self.num_rows);
        self.times[self.starts.partition_point(|&start| start as usize <= row) - 1]
    }

    fn first_row(&self, run: usize) -> usize {
        self.starts.get(run).map_or(self.num_rows, |&start| start as usize)
    }
}
