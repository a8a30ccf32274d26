//! The bloom filter of Hive, which Druid takes over: blocks of eight words; a value sets some bits of one block.

use crate::error::{Error, Result};

const WHAT: &str = "bloom";
/// Share of values that pass although they were not added.
const FALSE_POSITIVES: f64 = 0.05;
const BLOCK: usize = 8;
const SEED: u64 = 104_729;
const NULL_HASH: u64 = 2_862_933_555_777_941_757;
/// Words that a filter may have: 64 MiB.
const MAX_WORDS: usize = 1 << 23;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bloom {
    num_hashes: u8,
    words: Vec<u64>,
}

impl Bloom {
    /// A filter for about so many different values, at least one.
    pub fn new(num_entries: u32) -> Bloom {
        let (entries, ln2) = (f64::from(num_entries.max(1)), std::f64::consts::LN_2);
        let num_bits = (-entries * FALSE_POSITIVES.ln() / (ln2 * ln2)).floor();
        let num_hashes = (num_bits / entries * ln2).round().clamp(1.0, 127.0) as u8;
        let num_words = (num_bits / 64.0).ceil() as usize;
        let num_words = (num_words + BLOCK - num_words % BLOCK).min(MAX_WORDS);
        Bloom { num_hashes, words: vec![0; num_words] }
    }

    pub fn add(&mut self, hash: u64) {
        for (word, bit) in places(self.num_hashes, self.words.len(), hash) {
            self.words[word] |= bit;
        }
    }

    pub fn contains(&self, hash: u64) -> bool {
        places(self.num_hashes, self.words.len(), hash).all(|(word, bit)| self.words[word] & bit != 0)
    }

    /// Adds all values of another filter, which must be of the same shape.
    pub fn merge(&mut self, other: &Bloom) -> Result<()> {
        if (self.num_hashes, self.words.len()) != (other.num_hashes, other.words.len()) {
            return Err(Error::invalid(WHAT, "maxNumEntries", "is not that of the filters to be merged"));
        }
        self.words.iter_mut().zip(&other.words).for_each(|(word, more)| *word |= more);
        Ok(())
    }

    pub fn memory_bytes(&self) -> usize {
        size_of::<Bloom>() + self.words.capacity() * size_of::<u64>()
    }

    /// Appends the number of hashes, the number of words (4 bytes) and the words, big endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.num_hashes);
        out.extend_from_slice(&(self.words.len() as u32).to_be_bytes());
        self.words.iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
    }

    pub fn decode(bytes: &[u8]) -> Result<Bloom> {
        let corrupt = |reason: &str| Error::corrupt(WHAT, reason);
        let [num_hashes @ 1..=127, a, b, c, d, rest @ ..] = bytes else {
            return Err(corrupt("is cut short or has no hashes"));
        };
        let num_words = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (words, _) = rest.as_chunks::<8>();
        if num_words == 0 || !num_words.is_multiple_of(BLOCK) || num_words > MAX_WORDS {
            return Err(corrupt("has no valid number of words"));
        }
        let words = words.get(..num_words).ok_or(corrupt("is cut short"))?;
        Ok(Bloom { num_hashes: *num_hashes, words: words.iter().map(|word| u64::from_be_bytes(*word)).collect() })
    }
}

/// The word and the bit of each hash of a value.
fn places(num_hashes: u8, num_words: usize, hash: u64) -> impl Iterator<Item = (usize, u64)> {
    let (low, high) = (hash as i32, (hash >> 32) as i32);
    let positive = |hash: i32| if hash < 0 { !hash } else { hash } as usize;
    let block = positive(low.wrapping_add(high)) % (num_words / BLOCK) * BLOCK;
    (1..=i32::from(num_hashes)).map(move |nth| {
        let combined = positive(low.wrapping_add((nth + 1).wrapping_mul(high)));
        (block + combined % BLOCK, 1 << (combined / BLOCK % 64))
    })
}

pub fn null_hash() -> u64 {
    NULL_HASH
}

pub fn text_hash(text: &str) -> u64 {
    bytes_hash(text.as_bytes())
}

pub fn long_hash(value: i64) -> u64 {
    finish(turn(SEED ^ mix(value.swap_bytes() as u64)), 8)
}

pub fn double_hash(value: f64) -> u64 {
    let bits = if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() };
    long_hash(bits as i64)
}

pub fn float_hash(value: f32) -> u64 {
    let bits = if value.is_nan() { 0x7fc0_0000 } else { value.to_bits() };
    bytes_hash(&bits.to_le_bytes())
}

/// MurmurHash3 cut down to 64 bits, as Hive has it.
fn bytes_hash(bytes: &[u8]) -> u64 {
    let (blocks, tail) = bytes.as_chunks::<8>();
    let mut hash = blocks.iter().fold(SEED, |hash, block| turn(hash ^ mix(u64::from_le_bytes(*block))));
    if !tail.is_empty() {
        hash ^= mix(tail.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)));
    }
    finish(hash, bytes.len() as u64)
}

fn mix(word: u64) -> u64 {
    word.wrapping_mul(0x87c3_7b91_1142_53d5).rotate_left(31).wrapping_mul(0x4cf5_ad43_2745_937f)
}

fn turn(hash: u64) -> u64 {
    hash.rotate_left(27).wrapping_mul(5).wrapping_add(0x52dc_e729)
}

fn finish(hash: u64, len: u64) -> u64 {
    let mut hash = hash ^ len;
    hash = (hash ^ hash >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ hash >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ hash >> 33
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_passes_and_little_else_does() {
        let mut bloom = Bloom::new(1_500);
        (0..1_500).for_each(|value| bloom.add(text_hash(&format!("value {value}"))));
        assert!((0..1_500).all(|value| bloom.contains(text_hash(&format!("value {value}")))));
        let passing = (0..10_000).filter(|value| bloom.contains(text_hash(&format!("other {value}")))).count();
        assert!(passing < 1_000, "{passing}");
        assert!(!bloom.contains(null_hash()) && !bloom.contains(long_hash(7)) && !bloom.contains(double_hash(7.0)));
    }

    /// The size of Hive's filter for 1,500 entries: 4 hashes in 152 words.
    #[test]
    fn the_stored_form_is_read_back() {
        let mut bloom = Bloom::new(1_500);
        bloom.add(long_hash(5));
        let mut bytes = Vec::new();
        bloom.encode(&mut bytes);
        assert_eq!((bytes[0], bytes.len()), (4, 5 + 152 * 8));
        assert_eq!(Bloom::decode(&bytes), Ok(bloom));
        assert!(Bloom::decode(&bytes[..20]).is_err() && Bloom::decode(&[4, 0, 0, 0, 0]).is_err());
        assert!(Bloom::new(10).merge(&Bloom::new(10_000)).is_err());
    }
}
