//! Count, sum and spread of numbers, from which their variance follows.

use crate::error::{Error, Result};

const WHAT: &str = "variance";

/// A running variance that can be merged without losing digits (Chan, Golub and LeVeque).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Variance {
    count: i64,
    sum: f64,
    /// Sum of the squared distances from the mean.
    spread: f64,
}

impl Variance {
    /// Adds a number; `scale` gives its product with a count, as its own type multiplies.
    #[inline(always)]
    pub fn add(&mut self, value: f64, scale: impl Fn(i64) -> f64) {
        self.count += 1;
        self.sum += value;
        if self.count > 1 {
            let distance = scale(self.count) - self.sum;
            self.spread += distance * distance / (self.count as f64 * (self.count - 1) as f64);
        }
    }

    pub fn merge(&mut self, other: &Variance) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = *other;
            return;
        }
        let ratio = self.count as f64 / other.count as f64;
        let distance = self.sum / ratio - other.sum;
        self.count = self.count.wrapping_add(other.count);
        self.spread += other.spread + ratio / self.count as f64 * distance * distance;
        self.sum += other.sum;
    }

    /// Of the numbers themselves, or as that of a sample; `None` without numbers.
    pub fn variance(&self, is_population: bool) -> Option<f64> {
        match self.count {
            0 => None,
            1 => Some(0.0),
            count if is_population => Some(self.spread / count as f64),
            count => Some(self.spread / (count - 1) as f64),
        }
    }

    /// The stored form, Druid's: count, sum and spread in 8 bytes each, big endian.
    pub fn encode(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..8].copy_from_slice(&self.count.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.sum.to_be_bytes());
        bytes[16..].copy_from_slice(&self.spread.to_be_bytes());
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Variance> {
        let ([count, sum, spread], []) = bytes.as_chunks::<8>() else {
            return Err(Error::corrupt(WHAT, "is not 24 bytes long"));
        };
        let count = i64::from_be_bytes(*count);
        if count < 0 {
            return Err(Error::corrupt(WHAT, "has a negative count"));
        }
        Ok(Variance { count, sum: f64::from_be_bytes(*sum), spread: f64::from_be_bytes(*spread) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Variance {
        let mut variance = Variance::default();
        values.iter().for_each(|&value| variance.add(value, |count| count as f64 * value));
        variance
    }

    #[test]
    fn the_variance_of_known_numbers() {
        let whole = of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!(whole.variance(true), Some(4.0));
        assert!((whole.variance(false).unwrap() - 32.0 / 7.0).abs() < 1e-12);
        let mut merged = of(&[2.0, 4.0, 4.0]);
        merged.merge(&of(&[4.0, 5.0, 5.0, 7.0, 9.0]));
        assert!((merged.variance(true).unwrap() - 4.0).abs() < 1e-12);
        assert_eq!((of(&[]).variance(false), of(&[3.0]).variance(false)), (None, Some(0.0)));
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let variance = of(&[1.0, 2.5]);
        assert_eq!(Variance::decode(&variance.encode()), Ok(variance));
        assert!(Variance::decode(&variance.encode()[1..]).is_err() && Variance::decode(&[255; 24]).is_err());
    }
}
