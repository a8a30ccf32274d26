//! Going through buckets: along a column of times, and over an interval.

use super::Granularity;
use crate::{Error, Interval, Result};

/// Remembers the bucket of the last time it was asked about, so that a sorted or nearly sorted
/// column costs two comparisons per row.
#[derive(Debug)]
pub struct Buckets<'a> {
    granularity: &'a Granularity,
    current: Interval,
}

impl<'a> Buckets<'a> {
    pub fn new(granularity: &'a Granularity) -> Buckets<'a> {
        Buckets { granularity, current: Interval { start: 0, end: 0 } }
    }

    /// The bucket that holds `t`.
    #[inline]
    pub fn bucket(&mut self, t: i64) -> Interval {
        if !self.current.contains(t) {
            self.seek(t);
        }
        self.current
    }

    /// The start of the bucket that holds `t`.
    #[inline]
    pub fn start(&mut self, t: i64) -> i64 {
        self.bucket(t).start
    }

    /// Appends the bucket start of every time.
    pub fn starts(&mut self, times: &[i64], out: &mut Vec<i64>) {
        out.reserve(times.len());
        out.extend(times.iter().map(|t| self.start(*t)));
    }

    #[cold]
    fn seek(&mut self, t: i64) {
        self.current = match self.granularity {
            Granularity::Period(period) if !self.current.is_empty() && t >= self.current.end => {
                let (start, end) = period.bounds_from(self.current.end, t);
                Interval { start, end }
            }
            granularity => granularity.bucket(t),
        };
    }
}

/// The buckets that overlap an interval, whole, in order. One error ends it when there are more than
/// the limit.
#[derive(Debug)]
pub struct BucketsOf<'a> {
    buckets: Buckets<'a>,
    next: i64,
    end: i64,
    left: usize,
    limit: usize,
}

impl<'a> BucketsOf<'a> {
    pub(super) fn new(granularity: &'a Granularity, interval: Interval, limit: usize) -> Self {
        let Interval { start: next, end } = interval;
        BucketsOf { buckets: Buckets::new(granularity), next, end, left: limit, limit }
    }
}

impl Iterator for BucketsOf<'_> {
    type Item = Result<Interval>;

    fn next(&mut self) -> Option<Result<Interval>> {
        if self.next >= self.end {
            return None;
        }
        if self.left == 0 {
            self.next = self.end;
            let granularity = self.buckets.granularity.to_string();
            return Some(Err(Error::TooManyBuckets { granularity, limit: self.limit }));
        }
        self.left -= 1;
        let bucket = self.buckets.bucket(self.next);
        self.next = bucket.end;
        Some(Ok(bucket))
    }
}
