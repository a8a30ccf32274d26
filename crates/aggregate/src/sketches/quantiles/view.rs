//! Questions to a quantiles sketch.

use crate::error::{Error, Result};

/// The sketch's items in order, with how many items of the stream lie at or below each.
#[derive(Clone, Debug)]
pub struct SortedView {
    items: Vec<(f64, u64)>,
    n: u64,
    min: f64,
    max: f64,
}

impl SortedView {
    /// Of items and how many of the stream each stands for, `n` in all.
    pub fn new(mut items: Vec<(f64, u64)>, n: u64, min: f64, max: f64) -> SortedView {
        // They come in runs that are in order, which this sort merges.
        items.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut total = 0;
        for (_, weight) in &mut items {
            total += *weight;
            *weight = total;
        }
        SortedView { items, n, min, max }
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The smallest item with at least this fraction of the stream at or below it. NaN for an empty
    /// sketch; otherwise the fraction must be from 0 to 1.
    pub fn quantile(&self, fraction: f64) -> Result<f64> {
        if self.items.is_empty() {
            return Ok(f64::NAN);
        }
        if !(0.0..=1.0).contains(&fraction) {
            return Err(Error::invalid("", "fraction", format!("is {fraction}, must be from 0 to 1")));
        }
        if fraction == 0.0 {
            return Ok(self.min);
        }
        if fraction == 1.0 {
            return Ok(self.max);
        }
        let target = (fraction * self.n as f64).ceil() as u64;
        let at = self.items.partition_point(|&(_, total)| total < target);
        Ok(self.items.get(at).map_or(self.max, |&(item, _)| item))
    }

    /// The fraction of the stream at or below a value; NaN for an empty sketch.
    pub fn rank(&self, value: f64) -> f64 {
        if self.items.is_empty() {
            return f64::NAN;
        }
        let at = self.items.partition_point(|&(item, _)| item <= value);
        let below = at.checked_sub(1).map_or(0, |last| self.items[last].1);
        below as f64 / self.n as f64
    }

    /// The fraction at or below each point, and 1 for all.
    pub fn cdf(&self, points: &[f64]) -> Vec<f64> {
        if self.items.is_empty() {
            return vec![f64::NAN; points.len() + 1];
        }
        points.iter().map(|&point| self.rank(point)).chain([1.0]).collect()
    }

    /// How many items lie up to the first point, between the points, and above the last.
    pub fn histogram(&self, points: &[f64]) -> Vec<f64> {
        let mut counts = self.cdf(points);
        for at in (1..counts.len()).rev() {
            counts[at] -= counts[at - 1];
        }
        counts.iter_mut().for_each(|count| *count *= self.n as f64);
        if self.items.is_empty() {
            counts.fill(f64::NAN);
        }
        counts
    }

    /// As [`histogram`](SortedView::histogram), over so many ranges of equal width.
    pub fn even_histogram(&self, num_bins: usize) -> Vec<f64> {
        if self.items.is_empty() {
            return vec![f64::NAN; num_bins];
        }
        let width = (self.max - self.min) / num_bins as f64;
        let points: Vec<f64> = (1..num_bins).map(|bin| self.min + width * bin as f64).collect();
        self.histogram(&points)
    }
}
