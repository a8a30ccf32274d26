//! Exact sets of values, each known by a hash of 128 bits, which no two values of any real set share.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::error::{Error, Result};
use crate::sketches::murmur::hash128;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distinct {
    hashes: HashSet<u128, BuildHasherDefault<AsIs>>,
}

/// The hash of a text.
pub fn distinct_hash(text: &str) -> u128 {
    let (high, low) = hash128(text.as_bytes(), 0);
    u128::from(high) << 64 | u128::from(low)
}

impl Distinct {
    pub fn add(&mut self, hash: u128) {
        self.hashes.insert(hash);
    }

    pub fn merge(&mut self, other: &Distinct) {
        self.hashes.extend(&other.hashes);
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    pub fn memory_bytes(&self) -> usize {
        size_of::<Distinct>() + self.hashes.capacity() * (size_of::<u128>() + 1)
    }

    /// Appends the hashes in order, 16 bytes each, little endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut hashes: Vec<u128> = self.hashes.iter().copied().collect();
        hashes.sort_unstable();
        hashes.iter().for_each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
    }

    pub fn decode(bytes: &[u8]) -> Result<Distinct> {
        let (hashes, []) = bytes.as_chunks::<16>() else {
            return Err(Error::corrupt("distinctCount", "is no list of hashes"));
        };
        Ok(Distinct { hashes: hashes.iter().map(|hash| u128::from_le_bytes(*hash)).collect() })
    }
}

/// Takes half of what already is a hash.
#[derive(Clone, Copy, Debug, Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().take(8).rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_counts_once() {
        let of = |range: std::ops::Range<u32>| {
            let mut set = Distinct::default();
            range.for_each(|value| set.add(distinct_hash(&value.to_string())));
            set
        };
        let mut both = of(0..1_000);
        both.merge(&of(500..2_000));
        assert_eq!(both.len(), 2_000);
        let mut bytes = Vec::new();
        both.encode(&mut bytes);
        assert_eq!(Distinct::decode(&bytes), Ok(both));
        assert!(Distinct::decode(&bytes[1..]).is_err() && Distinct::decode(&[]).unwrap().is_empty());
    }
}
