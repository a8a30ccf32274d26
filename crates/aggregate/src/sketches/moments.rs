//! The moments sketch: sums of powers, out of which quantiles are worked out when they are asked for.

mod density;

use density::Density;

use crate::error::{Error, Result};
use crate::sketches::number_sketch::NumberSketch;

const WHAT: &str = "momentSketch";
/// Beyond it sums say nothing that a double can hold.
pub const MAX_K: i64 = 64;

#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Whether values are taken by their inverse hyperbolic sine, so that a long tail weighs less.
    is_compressed: bool,
    min: f64,
    max: f64,
    /// Of the powers from 0 on: the first is the number of values.
    sums: Vec<f64>,
}

impl Moments {
    /// One without values that sums `k` powers, 0 among them.
    pub fn new(k: usize, is_compressed: bool) -> Moments {
        Moments { is_compressed, min: f64::MAX, max: -f64::MAX, sums: vec![0.0; k] }
    }

    pub fn k(&self) -> usize {
        self.sums.len()
    }

    pub fn is_compressed(&self) -> bool {
        self.is_compressed
    }

    /// The number of values.
    pub fn count(&self) -> f64 {
        self.sums.first().copied().unwrap_or(0.0)
    }

    /// The smallest value; beyond all numbers without one.
    pub fn min(&self) -> f64 {
        self.value_of(self.min)
    }

    /// The greatest value; below all numbers without one.
    pub fn max(&self) -> f64 {
        self.value_of(self.max)
    }

    fn value_of(&self, summed: f64) -> f64 {
        if self.is_compressed { summed.sinh() } else { summed }
    }

    fn add_times(&mut self, value: f64, times: f64) {
        if !value.is_finite() {
            return;
        }
        let value = if self.is_compressed { value.asinh() } else { value };
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let mut power = times;
        for sum in &mut self.sums {
            *sum += power;
            power *= value;
        }
    }

    /// The values below which these fractions of all lie, of the flattest distribution that has the sums; NaN without
    /// values.
    pub fn quantiles(&self, fractions: &[f64]) -> Vec<f64> {
        if self.count() <= 0.0 {
            return vec![f64::NAN; fractions.len()];
        }
        if self.min >= self.max {
            return vec![self.min(); fractions.len()];
        }
        let density = Density::of(self.min, self.max, &self.sums);
        fractions.iter().map(|fraction| self.value_of(density.quantile(*fraction))).collect()
    }
}

impl NumberSketch for Moments {
    type Item = f64;

    const COUNTS: bool = true;

    fn add(&mut self, item: f64) {
        self.add_times(item, 1.0);
    }

    fn add_counted(&mut self, items: &[(f64, u64)]) {
        items.iter().for_each(|(item, count)| self.add_times(*item, *count as f64));
    }

    fn check(&self, other: &Moments) -> Result<()> {
        if self.is_compressed != other.is_compressed && other.count() > 0.0 {
            let form = if other.is_compressed { "true" } else { "false" };
            return Err(Error::invalid(WHAT, "compress", format!("must be {form}, as it is of the stored sketches")));
        }
        Ok(())
    }

    /// Of sketches of different size only the powers of the smaller are known of all values.
    fn merge(&mut self, other: &Moments) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sums.truncate(other.sums.len());
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum += other);
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Moments>() + self.sums.capacity() * size_of::<f64>()
    }

    /// `k` and whether values are compressed as integers of four bytes, least, greatest and the sums as doubles, all of
    /// them big endian.
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.sums.len() as u32).to_be_bytes());
        out.extend_from_slice(&u32::from(self.is_compressed).to_be_bytes());
        let numbers = [self.min, self.max].into_iter().chain(self.sums.iter().copied());
        numbers.for_each(|number| out.extend_from_slice(&number.to_be_bytes()));
    }

    fn decode(bytes: &[u8]) -> Result<Moments> {
        let short = || Error::corrupt(WHAT, "is too short");
        let (k, rest) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
        let (form, rest) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        let (numbers, tail) = rest.as_chunks::<8>();
        let k = u32::from_be_bytes(*k);
        if !(1..=MAX_K).contains(&i64::from(k)) || numbers.len() != k as usize + 2 || !tail.is_empty() {
            return Err(Error::corrupt(WHAT, "is not as long as its number of powers makes it"));
        }
        let mut numbers = numbers.iter().map(|bytes| f64::from_be_bytes(*bytes));
        let (min, max) = (numbers.next().unwrap_or(f64::MAX), numbers.next().unwrap_or(-f64::MAX));
        Ok(Moments { is_compressed: u32::from_be_bytes(*form) > 0, min, max, sums: numbers.collect() })
    }
}

#[cfg(test)]
mod tests;
