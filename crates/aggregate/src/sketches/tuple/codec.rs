//! The compact bytes of the sketch, as all DataSketches libraries read them.
//!
//! Little endian: 1, serial version 1, family 9, sketch type 3, flags, number of values, seed hash (2 bytes), theta
//! (8); then, if it has entries, their number (4), 4 bytes unused, the hashes, and the numbers of each.

use crate::error::{Error, Result};
use crate::sketches::theta::{ALL, seed_hash};

use super::{MAX_VALUES, Tuples, WHAT};

const VERSION: u8 = 1;
const FAMILY: u8 = 9;
const COMPACT: u8 = 3;
const BIG_ENDIAN: u8 = 1;
const EMPTY: u8 = 4;
const HAS_ENTRIES: u8 = 8;

impl Tuples {
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flags = if self.is_empty { EMPTY } else { 0 } | if self.len > 0 { HAS_ENTRIES } else { 0 };
        out.extend_from_slice(&[1, VERSION, FAMILY, COMPACT, flags, self.num_values as u8]);
        out.extend_from_slice(&seed_hash().to_le_bytes());
        out.extend_from_slice(&self.theta.to_le_bytes());
        if self.len == 0 {
            return;
        }
        out.extend_from_slice(&(self.len as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let mut entries: Vec<(u64, &[f64])> = self.entries().collect();
        entries.sort_unstable_by_key(|&(hash, _)| hash);
        entries.iter().for_each(|(hash, _)| out.extend_from_slice(&hash.to_le_bytes()));
        entries.iter().flat_map(|(_, values)| *values).for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    }

    /// Reads a sketch, which may grow as one of nominal size `k`.
    pub fn decode(bytes: &[u8], k: usize) -> Result<Tuples> {
        let corrupt = |reason: &str| Error::corrupt(WHAT, reason);
        let [1, VERSION, FAMILY, COMPACT, flags, num_values, seed_low, seed_high, rest @ ..] = bytes else {
            return Err(corrupt("has an unknown version, family or type"));
        };
        if u16::from_le_bytes([*seed_low, *seed_high]) != seed_hash() || flags & BIG_ENDIAN != 0 {
            return Err(corrupt("has another seed or byte order"));
        }
        let num_values = usize::from(*num_values);
        let Some((theta, rest)) = rest.split_first_chunk::<8>() else { return Err(corrupt("is cut short")) };
        let theta = u64::from_le_bytes(*theta);
        if !(1..=MAX_VALUES).contains(&num_values) || theta > ALL {
            return Err(corrupt("has no valid number of values or threshold"));
        }
        let mut sketch = Tuples::new(k, num_values);
        sketch.is_empty = flags & EMPTY != 0;
        if flags & HAS_ENTRIES != 0 {
            sketch.fill(rest).ok_or(corrupt("is cut short"))?;
        }
        if theta < sketch.theta {
            sketch.lower(theta);
        }
        Ok(sketch)
    }

    fn fill(&mut self, bytes: &[u8]) -> Option<()> {
        let (num_entries, rest) = bytes.split_first_chunk::<4>()?;
        let num_entries = u32::from_le_bytes(*num_entries) as usize;
        let (words, _) = rest.get(4..)?.as_chunks::<8>();
        let (hashes, numbers) = words.split_at_checked(num_entries)?;
        let numbers: Vec<f64> = numbers.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        let values = numbers.get(..num_entries.checked_mul(self.num_values)?)?.chunks_exact(self.num_values);
        for (hash, values) in hashes.iter().zip(values) {
            let hash = u64::from_le_bytes(*hash);
            if hash == 0 || hash > ALL {
                return None;
            }
            self.add(hash, values);
        }
        Some(())
    }
}
