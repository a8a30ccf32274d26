//! The rows of a segment that a query reads: intervals, buckets and filter, a vector at a time.

use std::ops::Range;
use std::sync::Arc;

use aggregate::listed;
use arrow_array::{Array, Int64Array};
use expression::{BoundFilter, Filter, Truth, words};
use segment::{Bounds, ColumnRef, SegmentRef, TIME_COLUMN, VECTOR_ROWS};
use timeline::{Granularity, Interval};

use super::unexpected;
use crate::plan::{Buckets, Run, Runs, count_buckets, runs_of};
use crate::{Error, Result};

/// Rows for each that passes the filter, from which on it is asked for them all at once.
const FEW: usize = 256;

/// Selected rows of one vector.
#[derive(Default)]
pub(crate) struct Selected {
    /// Rows of the segment; all masks and ids count from its start.
    pub rows: Range<usize>,
    /// `None`: every row of the runs.
    pub mask: Option<Vec<u64>>,
    /// Runs inside the vector, relative to its start, without gaps only if `is_whole`.
    pub runs: Vec<Run>,
    /// Bucket of each row, where rows are not sorted by time.
    pub ids: Option<Vec<u32>>,
}

impl Selected {
    pub fn num_rows(&self) -> usize {
        self.rows.len()
    }

    /// Average rows of a run.
    pub fn mean_run(&self) -> usize {
        let covered: usize = self.runs.iter().map(|run| run.rows.len()).sum();
        covered / self.runs.len().max(1)
    }

    /// The bucket, where all rows are in one run.
    pub fn only_bucket(&self) -> Option<u32> {
        match (self.runs.as_slice(), &self.ids) {
            ([run], None) if run.rows.len() == self.num_rows() => Some(run.bucket),
            _ => None,
        }
    }

    /// The bucket of every row, 0 for those between runs, and the mask that leaves these out too.
    pub fn buckets(&self) -> (Vec<u32>, Option<Vec<u64>>) {
        if let Some(ids) = &self.ids {
            return (ids.clone(), self.mask.clone());
        }
        let num_rows = self.num_rows();
        let mut ids = vec![0; num_rows];
        let mut covered = 0;
        for run in &self.runs {
            ids[run.rows.clone()].fill(run.bucket);
            covered += run.rows.len();
        }
        if covered == num_rows {
            return (ids, self.mask.clone());
        }
        (ids, self.passing())
    }

    /// The mask of the rows that are in a run and pass; `None` when all do.
    pub fn passing(&self) -> Option<Vec<u64>> {
        let covered: usize = self.runs.iter().map(|run| run.rows.len()).sum();
        if covered == self.num_rows() {
            return self.mask.clone();
        }
        let mut within = vec![0; words::len_for(self.num_rows())];
        self.runs.iter().for_each(|run| words::set_range(&mut within, run.rows.clone()));
        if let Some(mask) = &self.mask {
            words::and(&mut within, mask);
        }
        Some(within)
    }

    /// Rows that are in a run and pass the mask, ascending, counted from the vector's start.
    pub fn positions(&self) -> Vec<u32> {
        match self.passing() {
            Some(passing) => listed::places(0, &passing),
            None => (0..self.num_rows() as u32).collect(),
        }
    }
}

/// What of a segment is selected.
#[derive(Clone)]
pub(crate) struct Selection {
    runs: Runs,
    intervals: Vec<Interval>,
    granularity: Granularity,
    pub buckets: Buckets,
    filter: Option<Arc<dyn BoundFilter>>,
    time: Option<ColumnRef>,
    max_buckets: usize,
    /// The rows that pass the filter, ascending, where indexes tell that they are few.
    few: Option<Arc<[u32]>>,
}

impl Selection {
    pub fn new(
        segment: &SegmentRef,
        intervals: &[Interval],
        granularity: &Granularity,
        filter: Option<&Filter>,
    ) -> Result<Self> {
        Self::with_buckets(segment, intervals, granularity, filter, Buckets::default())
    }

    /// As `new`, with the buckets that segments before had.
    pub fn with_buckets(
        segment: &SegmentRef,
        intervals: &[Interval],
        granularity: &Granularity,
        filter: Option<&Filter>,
        mut buckets: Buckets,
    ) -> Result<Self> {
        let mut runs = runs_of(segment.as_ref(), intervals, granularity, &mut buckets);
        let mut filter: Option<Arc<dyn BoundFilter>> =
            filter.map(|filter| filter.bind(segment)).transpose()?.map(Arc::from);
        match filter.as_ref().and_then(|filter| filter.constant()) {
            Some(Truth::True) => filter = None,
            Some(Truth::False | Truth::Unknown) => runs = Runs::Sorted(Vec::new()),
            None if filter.as_ref().is_some_and(|filter| filter.is_always_false()) => runs = Runs::Sorted(Vec::new()),
            None => {}
        }
        let max_buckets = match &runs {
            Runs::Sorted(_) => buckets.len(),
            Runs::Unsorted => count_buckets(segment.time_range(), granularity),
        };
        let time = match runs {
            Runs::Sorted(_) => None,
            Runs::Unsorted => {
                Some(segment.column(TIME_COLUMN).ok_or_else(|| Error::internal("a segment without __time"))?)
            }
        };
        let few = filter.as_ref().map(|filter| few_rows(filter.as_ref(), segment.num_rows())).transpose()?.flatten();
        Ok(Self {
            few: few.map(Arc::from),
            runs,
            intervals: intervals.to_vec(),
            granularity: granularity.clone(),
            buckets,
            filter,
            time,
            max_buckets,
        })
    }

    /// At least the number of buckets that rows fall into; `usize::MAX` when they are many.
    pub fn max_buckets(&self) -> usize {
        self.max_buckets
    }

    /// Goes on with the buckets that segments before had. The selection is of this segment, and not empty.
    pub fn carry(&mut self, segment: &SegmentRef, mut buckets: Buckets) {
        self.runs = runs_of(segment.as_ref(), &self.intervals, &self.granularity, &mut buckets);
        self.buckets = buckets;
        if let Runs::Sorted(_) = self.runs {
            self.max_buckets = self.buckets.len();
        }
    }

    /// The buckets of a selection that is given up.
    pub fn take_buckets(&mut self, other: &mut Selection) {
        std::mem::swap(&mut self.buckets, &mut other.buckets);
    }

    /// Whether it is known that no row is selected.
    pub fn is_empty(&self) -> bool {
        let is_nowhere = matches!(&self.runs, Runs::Sorted(runs) if runs.is_empty());
        is_nowhere || self.few.as_ref().is_some_and(|few| few.is_empty())
    }

    /// The bucket of the segment's rows, where every one is selected and all are in one.
    pub fn whole(&self, num_rows: usize) -> Option<u32> {
        match &self.runs {
            Runs::Sorted(runs) if self.filter.is_none() && runs.len() == 1 && runs[0].rows == (0..num_rows) => {
                Some(runs[0].bucket)
            }
            _ => None,
        }
    }

    /// Vectors of the range that may hold selected rows, ascending, cut at multiples of a vector.
    pub fn vectors(&self, within: Range<usize>) -> Vec<Range<usize>> {
        let spans: Vec<Range<usize>> = match &self.runs {
            Runs::Sorted(runs) => runs.iter().map(|run| run.rows.clone()).collect(),
            Runs::Unsorted => vec![within.clone()],
        };
        let mut vectors: Vec<Range<usize>> = Vec::new();
        for span in spans {
            let end = span.end.min(within.end);
            let mut start = span.start.max(within.start);
            while start < end {
                let cut = (start / VECTOR_ROWS + 1) * VECTOR_ROWS;
                let stop = cut.min(end);
                match vectors.last_mut() {
                    Some(last) if last.start / VECTOR_ROWS == start / VECTOR_ROWS => last.end = last.end.max(stop),
                    _ => vectors.push(start..stop),
                }
                start = stop;
            }
        }
        if let Some(few) = &self.few {
            vectors.retain(|rows| few_within(few, rows) > 0);
        }
        vectors
    }

    /// At most so many rows of these are selected.
    pub fn max_rows(&self, within: &Range<usize>) -> usize {
        self.few.as_ref().map_or(within.len(), |few| few_within(few, within))
    }

    /// The selected rows of a vector, `None` when there are none.
    pub fn select(&mut self, rows: Range<usize>) -> Result<Option<Selected>> {
        let mut selected = Selected { rows: rows.clone(), ..Selected::default() };
        match &self.runs {
            Runs::Sorted(runs) => {
                let from = runs.partition_point(|run| run.rows.end <= rows.start);
                let inside = runs[from..].iter().take_while(|run| run.rows.start < rows.end);
                selected.runs.extend(inside.map(|run| Run {
                    bucket: run.bucket,
                    rows: run.rows.start.max(rows.start) - rows.start..run.rows.end.min(rows.end) - rows.start,
                }));
            }
            Runs::Unsorted => match self.bucket_of(&rows) {
                Some(None) => return Ok(None),
                Some(Some(bucket)) => selected.runs.push(Run { bucket, rows: 0..rows.len() }),
                None => {
                    let (ids, mask) = self.ids(rows.clone())?;
                    selected.ids = Some(ids);
                    selected.mask = mask;
                    selected.runs.push(Run { bucket: 0, rows: 0..rows.len() });
                }
            },
        }
        if let Some(filter) = &self.filter {
            let mut passing = Vec::new();
            filter.mask(rows.clone(), false, &mut passing)?;
            match &mut selected.mask {
                None => selected.mask = Some(passing),
                Some(mask) => words::and(mask, &passing),
            }
        }
        let some = selected.mask.as_ref().is_none_or(|mask| mask.iter().any(|word| *word != 0));
        Ok(some.then_some(selected))
    }

    /// The one bucket of all rows of a vector that are not sorted by time, or that the intervals hold none of them,
    /// where the bounds of their times tell.
    fn bucket_of(&mut self, rows: &Range<usize>) -> Option<Option<u32>> {
        let Some(Bounds::Long { min, max }) = self.time.as_ref()?.zone(rows.clone()) else { return None };
        if self.intervals.iter().all(|interval| max < interval.start || interval.end <= min) {
            return Some(None);
        }
        let is_inside = self.intervals.iter().any(|interval| interval.start <= min && max < interval.end);
        let is_one = is_inside && max < self.granularity.bucket(min).end;
        is_one.then(|| Some(self.buckets.of(&self.granularity, min)))
    }

    /// The bucket of each row and, unless all are inside, which rows the intervals hold.
    fn ids(&mut self, rows: Range<usize>) -> Result<(Vec<u32>, Option<Vec<u64>>)> {
        let column = self.time.as_ref().ok_or_else(|| Error::internal("time was not bound"))?;
        let array = column.read(rows);
        let times = array.as_any().downcast_ref::<Int64Array>().ok_or_else(|| unexpected(TIME_COLUMN))?;
        let mut ids = Vec::with_capacity(times.len());
        let mut words = vec![0u64; times.len().div_ceil(64)];
        let mut all = true;
        for (row, &time) in times.values().iter().enumerate() {
            let inside = self.intervals.iter().any(|i| i.start <= time && time < i.end);
            all &= inside;
            words[row / 64] |= u64::from(inside) << (row % 64);
            ids.push(if inside { self.buckets.of(&self.granularity, time) } else { 0 });
        }
        Ok((ids, (!all).then_some(words)))
    }
}

/// The rows that pass, when indexes give them and vectors are better skipped by them.
fn few_rows(filter: &dyn BoundFilter, num_rows: usize) -> Result<Option<Vec<u32>>> {
    if filter.estimate(num_rows) > num_rows / FEW {
        return Ok(None);
    }
    Ok(filter.positions()?)
}

fn few_within(few: &[u32], rows: &Range<usize>) -> usize {
    let before = |end: usize| few.partition_point(|row| (*row as usize) < end);
    before(rows.end) - before(rows.start)
}
