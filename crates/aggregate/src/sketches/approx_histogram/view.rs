//! Questions to an approximate histogram.

use super::ApproxHistogram;

/// Fewer values than this are no bucket.
const CUTOFF: f64 = 0.1_f32 as f64;
/// Buckets that one answer may have.
const MAX_BUCKETS: f32 = 65_536.0;

/// Counts between breaks, one fewer than those.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets {
    pub breaks: Vec<f32>,
    pub counts: Vec<f64>,
}

impl ApproxHistogram {
    /// Roughly how many values are at most `bound`: bins are taken as trapezoids between their positions.
    pub fn sum(&self, bound: f32) -> f64 {
        if bound < self.min {
            return 0.0;
        }
        if bound >= self.max {
            return self.count() as f64;
        }
        let right = self.bins.partition_point(|bin| bin.position <= bound);
        let left = right.checked_sub(1).map(|at| self.bins[at]);
        let next = self.bins.get(right).copied();
        let (from, to) = (left.map_or(self.min, |bin| bin.position), next.map_or(self.max, |bin| bin.position));
        let (from, to) = (f64::from(from), f64::from(to));
        let part = if from == to { 0.0 } else { (f64::from(bound) - from) / (to - from) };
        let spread = |bin: Option<super::Bin>| bin.filter(|bin| bin.is_approximate).map_or(0.0, |bin| bin.count as f64);
        let (low, high) = (spread(left), spread(next));
        let at_bound = low + (high - low) * part;
        let before: u64 = self.bins[..right.saturating_sub(1)].iter().map(|bin| bin.count).sum();
        let own = left.map_or(0.0, |bin| if bin.is_approximate { 0.5 } else { 1.0 } * bin.count as f64);
        0.5 * (low + at_bound) * part + before as f64 + own
    }

    /// The value below which a fraction of the values lies, which is above 0 and below 1; NaN without values.
    pub fn quantile(&self, fraction: f32) -> f32 {
        let total = self.count();
        if total == 0 {
            return f32::NAN;
        }
        let wanted = f64::from(fraction * total as f32);
        let mut sum = 0_u64;
        let found = self.bins.iter().position(|bin| {
            let found = (sum + bin.count) as f64 > wanted;
            sum += if found { 0 } else { bin.count };
            found
        });
        let Some(at) = found.filter(|&at| at > 0) else { return self.min };
        let (one, other) = (self.bins[at - 1], self.bins[at]);
        let c = -2.0 * (wanted - sum as f64);
        let a = other.count as f64 - one.count as f64;
        let b = 2.0 * one.count as f64;
        let z = if a == 0.0 { -c / b } else { (-b + (b * b - 4.0 * a * c).sqrt()) / (2.0 * a) };
        let value = f64::from(one.position) + f64::from(other.position - one.position) * z;
        (value as f32).min(self.max)
    }

    /// Counts between given breaks.
    pub fn custom_buckets(&self, breaks: &[f32]) -> Buckets {
        let sums: Vec<f64> = breaks.iter().map(|&bound| self.sum(bound)).collect();
        let counts = sums.windows(2).map(|pair| f64::from((pair[1] - pair[0]) as f32)).collect();
        Buckets { breaks: breaks.to_vec(), counts }
    }

    /// So many buckets of one width, at least two.
    pub fn equal_buckets(&self, num_buckets: usize) -> Buckets {
        let width = (self.max - self.min) / num_buckets.saturating_sub(1).max(1) as f32;
        let mut breaks = vec![self.min - width];
        for at in 1..num_buckets {
            breaks.push(breaks[at - 1] + width);
        }
        breaks.push(self.max);
        self.custom_buckets(&breaks)
    }

    /// Buckets of a width that start at an offset; those without values are left out. `None` where they are too many.
    pub fn buckets(&self, width: f32, offset: f32) -> Option<Buckets> {
        let floor = |value: f32| ((value - offset) / width).floor() * width + offset;
        let ceil = |value: f32| ((value - offset) / width).ceil() * width + offset;
        let (lowest, highest) = (floor(self.min), ceil(self.max));
        let first = lowest.max(floor(self.lower_limit));
        let last = highest.min(ceil(self.upper_limit));
        let num_buckets = (last - first) / width;
        if num_buckets.is_nan() || num_buckets > MAX_BUCKETS {
            return None;
        }
        let mut breaks = Vec::new();
        let bottom = lowest - width;
        if bottom != first && self.sum(first) - self.sum(bottom) > CUTOFF {
            breaks.push(bottom);
        }
        let (mut left, mut joined) = (first, false);
        while left + width <= last + width / 10.0 && left + width > left {
            let right = left + width;
            let holds = self.sum(right) - self.sum(left) > CUTOFF;
            if holds && !joined {
                breaks.push(left);
            }
            if holds {
                breaks.push(right);
            }
            (left, joined) = (right, holds);
        }
        if let Some(&end) = breaks.last()
            && end != highest
            && self.sum(highest) - self.sum(end) > CUTOFF
        {
            breaks.push(highest);
        }
        Some(self.custom_buckets(&breaks))
    }
}
