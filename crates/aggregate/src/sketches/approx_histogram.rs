//! The approximate histogram of Ben-Haim and Tom-Tov: a bounded number of bins, the closest of which are merged.

mod codec;
mod view;

pub use view::Buckets;

use crate::error::{Error, Result};
use crate::sketches::number_sketch::NumberSketch;

const WHAT: &str = "approximateHistogram";
pub const MAX_SIZE: usize = 1 << 20;

/// Values near one position.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bin {
    position: f32,
    count: u64,
    /// Whether values were moved to get here.
    is_approximate: bool,
}

impl Bin {
    fn of(position: f32) -> Bin {
        Bin { position, count: 1, is_approximate: false }
    }

    /// Both bins at their centre.
    fn with(self, other: Bin) -> Bin {
        let count = self.count + other.count;
        let share = self.count as f32 / count as f32;
        let position = (self.position - other.position) * share + other.position;
        Bin { position, count, is_approximate: true }
    }
}

/// A histogram of floats.
#[derive(Clone, Debug, PartialEq)]
pub struct ApproxHistogram {
    /// Bins it may have.
    size: usize,
    bins: Vec<Bin>,
    min: f32,
    max: f32,
    /// Values beyond these are merged first.
    lower_limit: f32,
    upper_limit: f32,
}

impl ApproxHistogram {
    pub fn new(size: usize, lower_limit: f32, upper_limit: f32) -> ApproxHistogram {
        let (min, max) = (f32::INFINITY, f32::NEG_INFINITY);
        ApproxHistogram { size, bins: Vec::new(), min, max, lower_limit, upper_limit }
    }

    pub fn min(&self) -> f32 {
        self.min
    }

    pub fn max(&self) -> f32 {
        self.max
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.bins.iter().map(|bin| bin.count).sum()
    }

    /// Adds a value; NaN is ignored.
    pub fn add(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let at = self.bins.partition_point(|bin| bin.position < value);
        if let Some(bin) = self.bins.get_mut(at).filter(|bin| bin.position == value) {
            bin.count += 1;
        } else if self.bins.len() < self.size {
            self.bins.insert(at, Bin::of(value));
        } else {
            self.squeeze(at, value);
        }
    }

    /// Adds a value to full bins: to a near one, or after merging two that are nearer to each other.
    fn squeeze(&mut self, at: usize, value: f32) {
        let closest = self.closest();
        let mut least = closest.map_or(f32::INFINITY, |at| self.bins[at + 1].position - self.bins[at].position);
        let right = self.bins.get(at).map_or(f32::INFINITY, |bin| bin.position - value);
        let left = at.checked_sub(1).map_or(f32::INFINITY, |at| value - self.bins[at].position);
        let mut near = None;
        if right < least {
            (least, near) = (right, Some(at));
        }
        if left < least {
            near = at.checked_sub(1);
        }
        match (near, closest) {
            (Some(near), _) => {
                let bin = &mut self.bins[near];
                let count = bin.count as f32;
                bin.position = (bin.position * count + value) / (count + 1.0);
                (bin.count, bin.is_approximate) = (bin.count + 1, true);
            }
            (None, Some(merged)) => {
                let (one, other) = (self.bins[merged], self.bins.remove(merged + 1));
                let count = (one.count + other.count) as f64;
                let centre =
                    f64::from(one.position) * one.count as f64 + f64::from(other.position) * other.count as f64;
                self.bins[merged] = Bin { position: (centre / count) as f32, ..one.with(other) };
                let at = if at > merged + 1 { at - 1 } else { at };
                self.bins.insert(at, Bin::of(value));
            }
            (None, None) => {}
        }
    }

    /// The bin that is nearest to the one behind it.
    fn closest(&self) -> Option<usize> {
        let gaps = self.bins.windows(2).map(|pair| pair[1].position - pair[0].position).enumerate();
        gaps.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(at, _)| at)
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &ApproxHistogram) {
        if other.bins.is_empty() {
            return;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        let sorted = merge_sorted(&self.bins, &other.bins);
        self.bins = if sorted.len() <= self.size { sorted } else { self.merge_near(&sorted) };
        while self.bins.len() > self.size
            && let Some(at) = self.closest()
        {
            let other = self.bins.remove(at + 1);
            self.bins[at] = self.bins[at].with(other);
        }
    }

    /// Merges bins that are nearer than bins of equal width would be.
    fn merge_near(&self, sorted: &[Bin]) -> Vec<Bin> {
        let (low, high) = (self.lower_limit.is_finite(), self.upper_limit.is_finite());
        let from = if low { self.lower_limit } else { self.min };
        let to = if high { self.upper_limit } else { self.max };
        let num_between = self.size.saturating_sub(1 + usize::from(low) + usize::from(high)).max(1);
        let cutoff = (to - from) / num_between as f32;
        let group =
            |position: f32| if position < self.lower_limit { 0 } else { 1 + u8::from(position > self.upper_limit) };
        let mut merged: Vec<Bin> = Vec::with_capacity(self.size);
        for bin in sorted {
            match merged.last_mut() {
                Some(last)
                    if group(last.position) == group(bin.position)
                        && (group(bin.position) != 1 || bin.position - last.position <= cutoff) =>
                {
                    *last = last.with(*bin);
                }
                _ => merged.push(*bin),
            }
        }
        merged
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<ApproxHistogram>() + self.bins.capacity() * size_of::<Bin>()
    }
}

/// The bins of both in order; those of one position become one.
fn merge_sorted(one: &[Bin], other: &[Bin]) -> Vec<Bin> {
    let mut bins: Vec<Bin> = one.iter().chain(other).copied().collect();
    bins.sort_by(|one, other| one.position.total_cmp(&other.position));
    bins.dedup_by(|next, last| {
        let same = next.position == last.position;
        if same {
            last.count += next.count;
            last.is_approximate |= next.is_approximate;
        }
        same
    });
    bins
}

fn corrupt(reason: &str) -> Error {
    Error::corrupt(WHAT, reason)
}

fn check_size(size: usize) -> Result<usize> {
    if (1..=MAX_SIZE).contains(&size) { Ok(size) } else { Err(corrupt("has no valid size")) }
}

impl NumberSketch for ApproxHistogram {
    type Item = f32;

    fn add(&mut self, value: f32) {
        ApproxHistogram::add(self, value);
    }

    fn merge(&mut self, other: &ApproxHistogram) {
        ApproxHistogram::merge(self, other);
    }

    fn memory_bytes(&self) -> usize {
        ApproxHistogram::memory_bytes(self)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        ApproxHistogram::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<ApproxHistogram> {
        ApproxHistogram::decode(bytes)
    }
}

#[cfg(test)]
mod tests;
