//! The bytes of the sketch, as all DataSketches libraries read them.
//!
//! Little endian: longs of preamble (2, or 1 of some that are empty), serial version 3, family 8, flags, `k` (2
//! bytes), 2 bytes unused; then, if not empty, `n` (8 bytes), smallest, greatest, the sorted buffer,
//! and the filled levels from the lowest.

use crate::error::{Error, Result};

use super::{Quantiles, WHAT};

/// Also of an empty sketch, whose second word is not written: so does Druid.
const PREAMBLE_WORDS: u8 = 2;
const VERSION: u8 = 3;
const FAMILY: u8 = 8;
const READ_ONLY: u8 = 2;
const EMPTY: u8 = 4;
const COMPACT: u8 = 8;
const ORDERED: u8 = 16;

impl Quantiles {
    pub fn encode(&self, out: &mut Vec<u8>) {
        let empty = if self.is_empty() { EMPTY } else { 0 };
        let flags = READ_ONLY | COMPACT | ORDERED | empty;
        out.extend_from_slice(&[PREAMBLE_WORDS, VERSION, FAMILY, flags]);
        out.extend_from_slice(&(self.k as u16).to_le_bytes());
        out.extend_from_slice(&[0, 0]);
        if self.is_empty() {
            return;
        }
        out.extend_from_slice(&self.n.to_le_bytes());
        let mut base = self.base.clone();
        base.sort_unstable_by(f64::total_cmp);
        let items = [self.min, self.max].into_iter().chain(base).chain(self.levels.iter().flatten().copied());
        items.for_each(|item| out.extend_from_slice(&item.to_le_bytes()));
    }

    /// Reads the compact and the updatable form.
    pub fn decode(bytes: &[u8]) -> Result<Quantiles> {
        let corrupt = |reason: &str| Error::corrupt(WHAT, reason);
        let [_, VERSION, FAMILY, flags, k_low, k_high, _, _, rest @ ..] = bytes else {
            return Err(corrupt("has an unknown version or family"));
        };
        let k = usize::from(u16::from_le_bytes([*k_low, *k_high]));
        let mut sketch = Quantiles::new(k).map_err(|_| corrupt("has an invalid k"))?;
        if flags & EMPTY != 0 {
            return Ok(sketch);
        }
        let (words, _) = rest.as_chunks::<8>();
        let [n, min, max, items @ ..] = words else { return Err(corrupt("is cut short")) };
        sketch.n = u64::from_le_bytes(*n);
        (sketch.min, sketch.max) = (f64::from_le_bytes(*min), f64::from_le_bytes(*max));
        let items: Vec<f64> = items.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        if items.iter().any(|item| item.is_nan()) {
            return Err(corrupt("holds NaN"));
        }
        sketch.fill(&items, flags & COMPACT != 0).ok_or(corrupt("is cut short"))?;
        Ok(sketch)
    }

    /// Takes the buffer and the levels out of `items`; an updatable sketch has room for all.
    fn fill(&mut self, items: &[f64], compact: bool) -> Option<()> {
        let full = self.k * 2;
        let num_base = usize::try_from(self.n % full as u64).ok()?;
        let pattern = self.n / full as u64;
        self.base = items.get(..num_base)?.to_vec();
        let mut at = if compact || pattern == 0 { num_base } else { full };
        for level in 0..u64::BITS - pattern.leading_zeros() {
            let filled = pattern >> level & 1 == 1;
            let mut held = Vec::new();
            if filled {
                held = items.get(at..at + self.k)?.to_vec();
                held.sort_unstable_by(f64::total_cmp);
            }
            if filled || !compact {
                at += self.k;
            }
            self.levels.push(held);
        }
        Some(())
    }
}
