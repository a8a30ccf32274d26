//! A histogram over fixed buckets of one width.

mod codec;

use crate::error::Error;

const WHAT: &str = "fixedBucketsHistogram";
pub const MAX_BUCKETS: usize = 1 << 20;

/// What becomes of values outside of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outliers {
    Ignore,
    /// Counted beside the buckets.
    Overflow,
    /// Counted in the first or the last bucket.
    Clip,
}

impl Outliers {
    pub const ALL: [(&'static str, Outliers); 3] =
        [("ignore", Outliers::Ignore), ("overflow", Outliers::Overflow), ("clip", Outliers::Clip)];

    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, mode)| *mode == self).map_or("ignore", |(name, _)| name)
    }
}

/// The shape of a histogram: from `lower` to below `upper`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub lower: f64,
    pub upper: f64,
    pub num_buckets: usize,
    pub outliers: Outliers,
}

impl Shape {
    pub fn is_valid(&self) -> bool {
        self.upper > self.lower
            && (1..=MAX_BUCKETS).contains(&self.num_buckets)
            && (self.upper - self.lower).is_finite()
    }

    fn width(&self) -> f64 {
        (self.upper - self.lower) / self.num_buckets as f64
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct FixedBuckets {
    pub shape: Shape,
    pub counts: Vec<u64>,
    /// Values in buckets.
    pub count: u64,
    pub num_below: u64,
    pub num_above: u64,
    pub num_missing: u64,
    pub min: f64,
    pub max: f64,
}

impl FixedBuckets {
    /// An empty one; the shape must be valid.
    pub fn new(shape: Shape) -> FixedBuckets {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        let counts = vec![0; shape.num_buckets];
        FixedBuckets { shape, counts, count: 0, num_below: 0, num_above: 0, num_missing: 0, min, max }
    }

    /// Adds a value; NaN is ignored.
    pub fn add(&mut self, value: f64) {
        if value < self.shape.lower {
            self.add_outliers(1, false);
        } else if value >= self.shape.upper {
            self.add_outliers(1, true);
        } else if !value.is_nan() {
            self.put(((value - self.shape.lower) / self.shape.width()) as usize, 1);
            self.widen(value, value);
        }
    }

    pub fn add_missing(&mut self) {
        self.num_missing += 1;
    }

    fn put(&mut self, bucket: usize, num: u64) {
        let last = self.counts.len() - 1;
        self.counts[bucket.min(last)] += num;
        self.count += num;
    }

    fn widen(&mut self, min: f64, max: f64) {
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn add_outliers(&mut self, num: u64, above: bool) {
        match self.shape.outliers {
            _ if num == 0 => {}
            Outliers::Ignore => {}
            Outliers::Overflow if above => self.num_above += num,
            Outliers::Overflow => self.num_below += num,
            Outliers::Clip => {
                self.put(if above { usize::MAX } else { 0 }, num);
                let edge = if above { self.shape.upper } else { self.shape.lower };
                self.widen(edge, edge);
            }
        }
    }

    /// Adds all that `other` has seen; values of other buckets count as spread evenly over them.
    pub fn merge(&mut self, other: &FixedBuckets) {
        self.num_missing += other.num_missing;
        let same = (self.shape.lower, self.shape.upper, self.shape.num_buckets)
            == (other.shape.lower, other.shape.upper, other.shape.num_buckets);
        if same {
            self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
            self.count += other.count;
            self.widen(other.min, other.max);
        } else {
            self.merge_evenly(other);
        }
        self.add_outliers(other.num_below, false);
        self.add_outliers(other.num_above, true);
    }

    fn merge_evenly(&mut self, other: &FixedBuckets) {
        let (from, to) = (self.shape.lower.max(other.shape.lower), self.shape.upper.min(other.shape.upper));
        let below = other.mass(other.shape.lower, self.shape.lower).round() as u64;
        let above = other.mass(self.shape.upper, other.shape.upper).round() as u64;
        let mut left = other.count.saturating_sub(below + above);
        for bucket in 0..self.counts.len() {
            let start = self.shape.lower + self.shape.width() * bucket as f64;
            let num = (other.mass(start.max(from), (start + self.shape.width()).min(to)).round() as u64).min(left);
            self.put(bucket, num);
            left -= num;
        }
        if from < to && below + above < other.count {
            self.widen(other.min.clamp(self.shape.lower, self.shape.upper), other.max.min(self.shape.upper));
        }
        self.add_outliers(below, false);
        self.add_outliers(above, true);
    }

    /// Values from `from` to `to`, each bucket's spread evenly.
    fn mass(&self, from: f64, to: f64) -> f64 {
        let width = self.shape.width();
        let part = |(bucket, count): (usize, &u64)| {
            let start = self.shape.lower + width * bucket as f64;
            let covered = (to.min(start + width) - from.max(start)).max(0.0);
            *count as f64 * covered / width
        };
        if from < to { self.counts.iter().enumerate().map(part).sum() } else { 0.0 }
    }

    /// The value below which a percentage of the values in buckets lies; 0 without values.
    pub fn percentile(&self, percent: f64) -> f32 {
        let (mut sum, mut percent_before, mut edge) = (0, 0.0, self.shape.lower);
        for (bucket, count) in self.counts.iter().enumerate() {
            sum += count;
            let percent_here = 100.0 * sum as f64 / self.count as f64;
            let next_edge = (bucket + 1) as f64 * self.shape.width() + self.shape.lower;
            if percent_here >= percent {
                let part = (percent - percent_before) / (percent_here - percent_before);
                return (part * (next_edge - edge) + edge) as f32;
            }
            (percent_before, edge) = (percent_here, next_edge);
        }
        0.0
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<FixedBuckets>() + self.counts.capacity() * size_of::<u64>()
    }
}

fn corrupt(reason: &str) -> Error {
    Error::corrupt(WHAT, reason)
}

#[cfg(test)]
mod tests;
