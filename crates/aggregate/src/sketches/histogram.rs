//! A histogram over breaks that the query gives.

use crate::error::{Error, Result};

const WHAT: &str = "histogram";
pub const MAX_BREAKS: usize = 1 << 16;

/// Counts of values up to each break and beyond the last. Values are floats, as in Druid.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    pub breaks: Vec<f32>,
    /// One more than there are breaks; a value equal to a break is counted before it.
    pub counts: Vec<u64>,
    pub min: f32,
    pub max: f32,
}

impl Histogram {
    /// An empty one; the breaks must rise.
    pub fn new(breaks: Vec<f32>) -> Histogram {
        let counts = vec![0; breaks.len() + 1];
        Histogram { breaks, counts, min: f32::INFINITY, max: f32::NEG_INFINITY }
    }

    pub fn add(&mut self, value: f32) {
        let at = self.breaks.partition_point(|limit| *limit < value);
        self.counts[at] += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds the counts of another one over the same breaks.
    pub fn merge(&mut self, other: &Histogram) -> Result<()> {
        if other.breaks != self.breaks {
            return Err(Error::corrupt(WHAT, "has other breaks"));
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        Ok(())
    }

    pub fn memory_bytes(&self) -> usize {
        size_of::<Histogram>() + self.breaks.capacity() * 4 + self.counts.capacity() * 8
    }

    /// Druid's form, big-endian: the number of breaks, the breaks, the counts, the smallest and the greatest value.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let num_breaks = u32::try_from(self.breaks.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&num_breaks.to_be_bytes());
        self.breaks.iter().for_each(|value| out.extend_from_slice(&value.to_be_bytes()));
        self.counts.iter().for_each(|count| out.extend_from_slice(&count.to_be_bytes()));
        out.extend_from_slice(&self.min.to_be_bytes());
        out.extend_from_slice(&self.max.to_be_bytes());
    }

    pub fn decode(bytes: &[u8]) -> Result<Histogram> {
        let corrupt = || Error::corrupt(WHAT, "has another length than its breaks say");
        let (len, rest) = bytes.split_first_chunk::<4>().ok_or_else(corrupt)?;
        let num_breaks = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| corrupt())?;
        if num_breaks > MAX_BREAKS || rest.len() != num_breaks * 4 + (num_breaks + 1) * 8 + 8 {
            return Err(corrupt());
        }
        let (breaks, rest) = rest.split_at(num_breaks * 4);
        let (counts, range) = rest.split_at((num_breaks + 1) * 8);
        let floats =
            |bytes: &[u8]| -> Vec<f32> { bytes.as_chunks().0.iter().map(|four| f32::from_be_bytes(*four)).collect() };
        let counts = counts.as_chunks().0.iter().map(|eight| u64::from_be_bytes(*eight)).collect();
        let [min, max] = floats(range)[..] else { return Err(corrupt()) };
        Ok(Histogram { breaks: floats(breaks), counts, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_druid() {
        let mut histogram = Histogram::new(vec![1.0, 2.0, 9.0]);
        [1.0, 2.0, 0.0, 4.0, 10.0, 9.0].into_iter().for_each(|value| histogram.add(value));
        let mut bytes = Vec::new();
        histogram.encode(&mut bytes);
        let mut recorded = vec![0, 0, 0, 3, 0x3f, 0x80, 0, 0, 0x40, 0, 0, 0, 0x41, 0x10, 0, 0];
        for count in [2, 1, 2, 1] {
            recorded.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, count]);
        }
        recorded.extend_from_slice(&[0, 0, 0, 0, 0x41, 0x20, 0, 0]);
        assert_eq!(bytes, recorded);
        assert_eq!(Histogram::decode(&bytes), Ok(histogram));
        assert!((0..bytes.len()).all(|end| Histogram::decode(&bytes[..end]).is_err()));
    }
}
