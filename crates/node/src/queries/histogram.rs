//! Durations counted into fixed buckets.

use std::sync::atomic::{AtomicU64, Ordering};

/// Upper bounds of the buckets, milliseconds.
pub const BOUNDS_MS: [u64; 14] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 30_000, 300_000];

/// Counts by bucket; the last one has no bound.
#[derive(Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS_MS.len() + 1],
    sum_ms: AtomicU64,
}

impl Histogram {
    pub fn observe_ms(&self, took_ms: u64) {
        let at = BOUNDS_MS.partition_point(|bound| *bound < took_ms);
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(took_ms, Ordering::Relaxed);
    }

    /// Bounds with the number at or below each; the last pair has no bound and counts all.
    pub fn cumulative(&self) -> Vec<(Option<u64>, u64)> {
        let bounds = BOUNDS_MS.iter().copied().map(Some).chain([None]);
        let mut sum = 0;
        let counts = self.buckets.iter().map(|bucket| {
            sum += bucket.load(Ordering::Relaxed);
            sum
        });
        bounds.zip(counts).collect()
    }

    pub fn sum_ms(&self) -> u64 {
        self.sum_ms.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::default();
        [0, 1, 2, 400_000].iter().for_each(|ms| histogram.observe_ms(*ms));
        let counts = histogram.cumulative();
        assert_eq!((counts[0], counts[1]), ((Some(1), 2), (Some(2), 3)));
        assert_eq!(counts.last(), Some(&(None, 4)));
        assert_eq!(histogram.sum_ms(), 400_003);
    }
}
