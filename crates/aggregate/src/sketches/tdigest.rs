//! The merging t-digest: centroids that weigh less towards both ends of a distribution, so that quantiles are most
//! exact there.

use std::f64::consts::PI;

use crate::error::{Error, Result};
use crate::sketches::number_sketch::NumberSketch;

const WHAT: &str = "tDigestSketch";
/// Centroids that wait for each one that is kept.
const BUFFERED: usize = 5;
pub const MAX_COMPRESSION: i64 = 100_000;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Centroid {
    mean: f64,
    weight: f64,
}

#[derive(Clone, Debug)]
pub struct TDigest {
    compression: f64,
    min: f64,
    max: f64,
    /// Sorted and merged first, then those that wait.
    centroids: Vec<Centroid>,
    num_merged: usize,
}

impl TDigest {
    pub fn new(compression: f64) -> TDigest {
        let (min, max) = (f64::INFINITY, f64::NEG_INFINITY);
        TDigest { compression, min, max, centroids: Vec::new(), num_merged: 0 }
    }

    /// Adds a value; NaN is ignored.
    pub fn add(&mut self, value: f64) {
        if !value.is_nan() {
            self.widen(value, value);
            self.push(Centroid { mean: value, weight: 1.0 });
        }
    }

    fn widen(&mut self, min: f64, max: f64) {
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    fn push(&mut self, centroid: Centroid) {
        self.centroids.push(centroid);
        if self.centroids.len() - self.num_merged > self.compression as usize * BUFFERED {
            self.compress();
        }
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &TDigest) {
        self.widen(other.min, other.max);
        other.centroids.iter().for_each(|centroid| self.push(*centroid));
    }

    /// Merges neighbours as far as each may weigh where it lies.
    pub fn compress(&mut self) {
        let mut sorted = std::mem::take(&mut self.centroids);
        sorted.sort_by(|one, other| one.mean.total_cmp(&other.mean));
        let total: f64 = sorted.iter().map(|centroid| centroid.weight).sum();
        let limit = |before: f64| {
            let place = self.compression / (2.0 * PI) * (2.0 * before / total - 1.0).clamp(-1.0, 1.0).asin() + 1.0;
            let angle = (2.0 * PI * place / self.compression).min(PI / 2.0);
            total * (angle.sin() + 1.0) / 2.0
        };
        let (mut before, mut end) = (0.0, limit(0.0));
        for next in sorted {
            match self.centroids.last_mut() {
                Some(last) if before + last.weight + next.weight <= end => {
                    last.weight += next.weight;
                    last.mean += (next.mean - last.mean) * next.weight / last.weight;
                }
                Some(last) => {
                    before += last.weight;
                    end = limit(before);
                    self.centroids.push(next);
                }
                None => self.centroids.push(next),
            }
        }
        self.num_merged = self.centroids.len();
    }

    /// The value below which a fraction of the values lies; NaN without values. The digest must be compressed.
    pub fn quantile(&self, fraction: f64) -> f64 {
        let (Some(first), Some(last)) = (self.centroids.first(), self.centroids.last()) else { return f64::NAN };
        let total: f64 = self.centroids.iter().map(|centroid| centroid.weight).sum();
        let index = fraction * total;
        if index < 1.0 || self.centroids.len() == 1 && total == 1.0 {
            return if total > 1.0 || fraction <= 1.0 { self.min } else { self.max };
        }
        if first.weight > 1.0 && index < first.weight / 2.0 {
            return self.min + (index - 1.0) / (first.weight / 2.0 - 1.0) * (first.mean - self.min);
        }
        if index > total - 1.0 {
            return self.max;
        }
        if last.weight > 1.0 && total - index <= last.weight / 2.0 {
            return self.max - (total - index - 1.0) / (last.weight / 2.0 - 1.0) * (self.max - last.mean);
        }
        let mut before = first.weight / 2.0;
        for pair in self.centroids.windows(2) {
            let step = (pair[0].weight + pair[1].weight) / 2.0;
            if before + step > index {
                return between(pair[0], pair[1], index - before, before + step - index);
            }
            before += step;
        }
        last.mean
    }

    pub fn memory_bytes(&self) -> usize {
        size_of::<TDigest>() + self.centroids.capacity() * size_of::<Centroid>()
    }

    /// Appends the reference form, big endian: 1, smallest, greatest, compression, the number of centroids (4 bytes)
    /// and the weight and the mean of each. The digest must be compressed.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&1_u32.to_be_bytes());
        [self.min, self.max, self.compression].iter().for_each(|number| out.extend_from_slice(&number.to_be_bytes()));
        out.extend_from_slice(&(self.centroids.len() as u32).to_be_bytes());
        for number in self.centroids.iter().flat_map(|centroid| [centroid.weight, centroid.mean]) {
            out.extend_from_slice(&number.to_be_bytes());
        }
    }

    /// Reads that form, and the small one of floats.
    pub fn decode(bytes: &[u8]) -> Result<TDigest> {
        let corrupt = |reason: &str| Error::corrupt(WHAT, reason);
        let digest = match bytes {
            [0, 0, 0, 1, rest @ ..] => read_doubles(rest),
            [0, 0, 0, 2, rest @ ..] => read_floats(rest),
            _ => return Err(corrupt("has an unknown form")),
        };
        digest.ok_or(corrupt("is cut short or holds what cannot be"))
    }

    fn of(min: f64, max: f64, compression: f64, centroids: Vec<Centroid>) -> Option<TDigest> {
        let fine = |centroid: &Centroid| centroid.mean.is_finite() && centroid.weight > 0.0;
        let is_valid = (1.0..=MAX_COMPRESSION as f64).contains(&compression) && centroids.iter().all(fine);
        let num_merged = centroids.len();
        is_valid.then_some(TDigest { compression, min, max, centroids, num_merged })
    }
}

/// Between two centroids, so far from the centre of each; a single value is exact.
fn between(left: Centroid, right: Centroid, from_left: f64, from_right: f64) -> f64 {
    let exact = |centroid: Centroid| if centroid.weight == 1.0 { 0.5 } else { 0.0 };
    if left.weight == 1.0 && from_left < 0.5 {
        return left.mean;
    }
    if right.weight == 1.0 && from_right <= 0.5 {
        return right.mean;
    }
    let (one, other) = (from_left - exact(left), from_right - exact(right));
    let value = (left.mean * other + right.mean * one) / (one + other);
    value.clamp(left.mean, right.mean)
}

fn read_doubles(bytes: &[u8]) -> Option<TDigest> {
    let (head, rest) = bytes.split_first_chunk::<28>()?;
    let (numbers, num) = head.as_chunks::<8>();
    let [min, max, compression] = [0, 1, 2].map(|at| f64::from_be_bytes(numbers[at]));
    let num = u32::from_be_bytes(num.try_into().ok()?) as usize;
    let (pairs, _) = rest.as_chunks::<16>();
    let half = |pair: &[u8; 16], at: usize| pair[at..at + 8].try_into().ok().map(f64::from_be_bytes);
    let centroid = |pair| Some(Centroid { weight: half(pair, 0)?, mean: half(pair, 8)? });
    TDigest::of(min, max, compression, pairs.get(..num)?.iter().map(centroid).collect::<Option<_>>()?)
}

fn read_floats(bytes: &[u8]) -> Option<TDigest> {
    let (min, rest) = bytes.split_first_chunk::<8>()?;
    let (max, rest) = rest.split_first_chunk::<8>()?;
    let (compression, rest) = rest.split_first_chunk::<4>()?;
    let (num, rest) = rest.get(4..)?.split_first_chunk::<2>()?;
    let (pairs, _) = rest.as_chunks::<8>();
    let half = |pair: &[u8; 8], at: usize| pair[at..at + 4].try_into().ok().map(|b| f64::from(f32::from_be_bytes(b)));
    let centroid = |pair| Some(Centroid { weight: half(pair, 0)?, mean: half(pair, 4)? });
    let pairs = pairs.get(..usize::from(u16::from_be_bytes(*num)))?;
    let centroids = pairs.iter().map(centroid).collect::<Option<_>>()?;
    let compression = f32::from_be_bytes(*compression).into();
    TDigest::of(f64::from_be_bytes(*min), f64::from_be_bytes(*max), compression, centroids)
}

impl NumberSketch for TDigest {
    type Item = f64;

    fn add(&mut self, value: f64) {
        TDigest::add(self, value);
    }

    fn merge(&mut self, other: &TDigest) {
        TDigest::merge(self, other);
    }

    fn memory_bytes(&self) -> usize {
        TDigest::memory_bytes(self)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        let mut finished = self.clone();
        finished.compress();
        TDigest::encode(&finished, out);
    }

    fn decode(bytes: &[u8]) -> Result<TDigest> {
        TDigest::decode(bytes)
    }
}

#[cfg(test)]
mod tests;
