//! Time into buckets: row runs where rows are sorted by time, ids where they are not.

use std::ops::Range;

use hashbrown::HashMap;
use segment::{Segment, SortedTimes};
use timeline::{Granularity, Interval};

use crate::intervals::intersect;
use crate::{Error, Result};

/// Buckets beyond which they are not counted.
const MANY_BUCKETS: usize = 4_096;

/// Consecutive rows of one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub bucket: u32,
    pub rows: Range<usize>,
}

/// The rows of a segment that the intervals ask for.
#[derive(Clone)]
pub(crate) enum Runs {
    /// Runs in row order; a bucket may have several.
    Sorted(Vec<Run>),
    /// Rows in any order: each must be asked for its time.
    Unsorted,
}

/// Bucket starts by id, in order of first sight.
#[derive(Clone, Default)]
pub(crate) struct Buckets {
    starts: Vec<i64>,
    by_start: HashMap<i64, u32>,
    last: Option<(Interval, u32)>,
}

impl Buckets {
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn starts(&self) -> &[i64] {
        &self.starts
    }

    pub fn start(&self, bucket: u32) -> i64 {
        self.starts[bucket as usize]
    }

    /// The bucket of an instant.
    pub fn of(&mut self, granularity: &Granularity, time: i64) -> u32 {
        if let Some((interval, bucket)) = self.last
            && interval.start <= time
            && time < interval.end
        {
            return bucket;
        }
        let interval = granularity.bucket(time);
        let next = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        let starts = &mut self.starts;
        let bucket = *self.by_start.entry(interval.start).or_insert_with(|| {
            starts.push(interval.start);
            next
        });
        self.last = Some((interval, bucket));
        bucket
    }
}

/// The rows inside the intervals as runs, if they can be told without looking at each row.
pub(crate) fn runs_of(
    segment: &dyn Segment,
    intervals: &[Interval],
    granularity: &Granularity,
    buckets: &mut Buckets,
) -> Runs {
    let range = segment.time_range();
    let whole = intervals.iter().any(|i| i.start <= range.start && range.end <= i.end);
    if whole && granularity.bucket(range.start).end >= range.end {
        let bucket = buckets.of(granularity, range.start);
        return Runs::Sorted(vec![Run { bucket, rows: 0..segment.num_rows() }]);
    }
    let Some(runs) = segment.sorted_times() else { return Runs::Unsorted };
    let mut found = Vec::new();
    for interval in intervals {
        split(runs, *interval, granularity, buckets, &mut found);
    }
    Runs::Sorted(found)
}

fn split(
    times: &SortedTimes,
    interval: Interval,
    granularity: &Granularity,
    buckets: &mut Buckets,
    found: &mut Vec<Run>,
) {
    let within = times.rows_within(interval);
    let mut start = within.start;
    while start < within.end {
        let time = times.time_of(start);
        let bucket = buckets.of(granularity, time);
        let end = times.first_row_from(granularity.bucket(time).end).clamp(start + 1, within.end);
        found.push(Run { bucket, rows: start..end });
        start = end;
    }
}

/// Buckets that a range of times meets; `usize::MAX` when they are many.
pub(crate) fn count_buckets(range: Interval, granularity: &Granularity) -> usize {
    let mut start = range.start;
    for num in 1..=MANY_BUCKETS {
        let end = granularity.bucket(start).end;
        if end >= range.end || end <= start {
            return num;
        }
        start = end;
    }
    usize::MAX
}

/// Starts of all buckets that meet the interval, ascending. Fails above `max`, naming the granularity.
pub(crate) fn bucket_starts(
    granularity: &Granularity,
    interval: Interval,
    max: usize,
    out: &mut Vec<i64>,
) -> Result<()> {
    if interval.start >= interval.end {
        return Ok(());
    }
    let mut bucket = granularity.bucket(interval.start);
    loop {
        if out.len() >= max {
            return Err(Error::ResourceLimit(format!(
                "the granularity makes more than {max} buckets of the intervals: choose a coarser one"
            )));
        }
        out.push(bucket.start);
        if bucket.end >= interval.end || bucket.end <= bucket.start {
            return Ok(());
        }
        bucket = granularity.bucket(bucket.end);
    }
}

/// The part of a time chunk that has rows, widened to whole buckets at its end, inside a query interval.
pub(crate) fn filled(granularity: &Granularity, query: Interval, chunk: Interval, rows: Interval) -> Option<Interval> {
    let end = granularity.bucket(rows.end.saturating_sub(1)).end;
    intersect(intersect(query, chunk)?, Interval { start: rows.start, end })
}
