//! Theta sketches: uniform samples of hashes below a threshold, as the DataSketches family defines
//! them. A [`ThetaSet`] is fed; a [`Theta`] is finished and takes part in set operations.

mod bars;

use datasketches::theta::CompactThetaSketch;

use crate::error::{Error, Result};
use crate::prefetch::prefetch;
use crate::sketches::druid_hll::double_bits;
use crate::sketches::hll::deviations;
use crate::sketches::murmur::{hash_word, hash128};

pub(crate) use bars::{ThetaBars, rank};

const WHAT: &str = "thetaSketch";
const SEED: u64 = 9_001;
/// The threshold of a sketch that holds every hash.
pub(crate) const ALL: u64 = i64::MAX as u64;
const MIN_SLOTS: usize = 16;

/// The hash of a text's UTF-8 bytes; an empty text adds nothing.
pub fn text_hash(text: &str) -> Option<u64> {
    if text.is_empty() { None } else { Some(hash(text.as_bytes())) }
}

#[inline]
pub fn long_hash(value: i64) -> u64 {
    word_hash(value as u64)
}

#[inline]
pub fn double_hash(value: f64) -> u64 {
    word_hash(double_bits(value + 0.0))
}

#[inline]
fn word_hash(word: u64) -> u64 {
    hash_word(word, SEED).0 >> 1
}

fn hash(bytes: &[u8]) -> u64 {
    hash128(bytes, SEED).0 >> 1
}

/// A sketch that hashes are added to. Holds up to twice `k` hashes.
#[derive(Clone, Debug)]
pub struct ThetaSet {
    k: usize,
    theta: u64,
    is_empty: bool,
    len: usize,
    /// Open addressing; 0 is a free slot, and no hash is 0.
    slots: Vec<u64>,
}

impl ThetaSet {
    /// A sketch of nominal size `k`, a power of two.
    pub fn new(k: usize) -> ThetaSet {
        ThetaSet { k, theta: ALL, is_empty: true, len: 0, slots: Vec::new() }
    }

    pub fn add(&mut self, hash: u64) {
        self.is_empty = false;
        if hash != 0 && hash < self.theta {
            self.insert(hash);
        }
    }

    /// Adds many, whose places are fetched ahead.
    pub fn add_all(&mut self, hashes: &[u64]) {
        const AHEAD: usize = 16;
        for (at, &hash) in hashes.iter().enumerate() {
            if let Some(next) = hashes.get(at + AHEAD) {
                prefetch(self.slots.as_ptr().wrapping_add(*next as usize & self.slots.len().saturating_sub(1)));
            }
            self.add(hash);
        }
    }

    fn insert(&mut self, hash: u64) {
        if self.len * 4 >= self.slots.len() * 3 {
            self.make_room();
            if hash >= self.theta {
                return;
            }
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            if self.slots[at] == hash {
                return;
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = hash;
        self.len += 1;
    }

    /// Doubles the table; once it holds one and a half times `k`, keeps the `k` smallest hashes.
    fn make_room(&mut self) {
        let mut hashes: Vec<u64> = self.slots.iter().copied().filter(|&hash| hash != 0).collect();
        let full = self.slots.len() >= self.k * 2 && hashes.len() > self.k;
        if full {
            let (_, &mut theta, _) = hashes.select_nth_unstable(self.k);
            self.theta = theta;
            hashes.truncate(self.k);
        }
        let num_slots = if full { self.slots.len() } else { (self.slots.len() * 2).max(MIN_SLOTS) };
        self.refill(num_slots, &hashes);
    }

    fn refill(&mut self, num_slots: usize, hashes: &[u64]) {
        self.slots.clear();
        self.slots.resize(num_slots, 0);
        self.len = 0;
        hashes.iter().for_each(|&hash| self.insert(hash));
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Theta) {
        if other.is_empty {
            return;
        }
        self.is_empty = false;
        self.lower(other.theta);
        let below = other.hashes.partition_point(|&hash| hash < self.theta);
        other.hashes[..below].iter().for_each(|&hash| self.add(hash));
    }

    /// Adds all that `other` has seen.
    pub fn merge_set(&mut self, other: &ThetaSet) {
        self.is_empty &= other.is_empty;
        self.lower(other.theta);
        other.slots.iter().filter(|&&hash| hash != 0).for_each(|&hash| self.add_kept(hash));
    }

    fn add_kept(&mut self, hash: u64) {
        if hash < self.theta {
            self.insert(hash);
        }
    }

    fn lower(&mut self, theta: u64) {
        if theta < self.theta {
            self.theta = theta;
            let hashes: Vec<u64> = self.slots.iter().copied().filter(|&hash| hash != 0 && hash < theta).collect();
            self.refill(self.slots.len(), &hashes);
        }
    }

    /// The finished sketch, of at most `k` hashes.
    pub fn finish(&self) -> Theta {
        let mut hashes: Vec<u64> = self.slots.iter().copied().filter(|&hash| hash != 0).collect();
        hashes.sort_unstable();
        Theta { theta: self.theta, is_empty: self.is_empty, hashes }.cut(self.k)
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<ThetaSet>() + self.slots.capacity() * size_of::<u64>()
    }
}

/// A finished sketch: the sorted hashes below a threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Theta {
    theta: u64,
    is_empty: bool,
    hashes: Vec<u64>,
}

impl Default for Theta {
    fn default() -> Self {
        Theta { theta: ALL, is_empty: true, hashes: Vec::new() }
    }
}

/// The flag of bytes whose hashes rise.
const ORDERED: u8 = 16;

impl Theta {
    /// Of sorted hashes below a threshold.
    pub(crate) fn of(theta: u64, is_empty: bool, hashes: Vec<u64>) -> Theta {
        Theta { theta, is_empty, hashes }
    }

    fn cut(mut self, k: usize) -> Theta {
        if let Some(&theta) = self.hashes.get(k) {
            self.theta = theta;
            self.hashes.truncate(k);
        }
        self
    }

    /// Hashes held.
    pub fn num_retained(&self) -> usize {
        self.hashes.len()
    }

    pub fn estimate(&self) -> f64 {
        if self.theta == ALL {
            return self.hashes.len() as f64;
        }
        self.hashes.len() as f64 / (self.theta as f64 / ALL as f64)
    }

    /// The lower and upper bounds of the estimate at 1, 2 or 3 standard deviations.
    pub fn bounds(&self, num_std_dev: u8) -> Result<(f64, f64)> {
        let deviations = deviations(num_std_dev)?;
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        let sketch = compact(&bytes)?;
        Ok((sketch.lower_bound(deviations), sketch.upper_bound(deviations)))
    }

    /// What is in any of the sketches, at nominal size `k`.
    pub fn union<'a>(sketches: impl IntoIterator<Item = &'a Theta>, k: usize) -> Theta {
        let mut set = ThetaSet::new(k);
        sketches.into_iter().for_each(|sketch| set.merge(sketch));
        set.finish()
    }

    /// What is in both.
    pub fn intersect(&self, other: &Theta) -> Theta {
        if self.is_empty || other.is_empty {
            return Theta::default();
        }
        self.select(other, true)
    }

    /// What is in this one but not in `other`.
    pub fn without(&self, other: &Theta) -> Theta {
        if self.is_empty || other.is_empty {
            return self.clone();
        }
        self.select(other, false)
    }

    fn select(&self, other: &Theta, present: bool) -> Theta {
        let theta = self.theta.min(other.theta);
        let keep = |hash: &u64| *hash < theta && other.hashes.binary_search(hash).is_ok() == present;
        let hashes: Vec<u64> = self.hashes.iter().copied().filter(keep).collect();
        Theta { theta, is_empty: hashes.is_empty() && theta == ALL, hashes }
    }

    /// The compact, ordered bytes that all DataSketches libraries read.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.write(ORDERED, &self.hashes, out);
    }

    /// As `encode`, its hashes in the order of the table from which Java's library takes an intersection.
    pub fn encode_unordered(&self, out: &mut Vec<u8>) {
        if self.is_empty {
            return self.encode(out);
        }
        const MIN_SLOTS: usize = 32;
        let num_slots = (self.hashes.len() * 16 / 15).next_power_of_two().max(MIN_SLOTS);
        let (mask, shift) = (num_slots - 1, num_slots.trailing_zeros());
        let mut slots = vec![0_u64; num_slots];
        for &hash in &self.hashes {
            let step = (hash >> shift & 127) as usize * 2 + 1;
            let mut at = hash as usize & mask;
            while slots[at] != 0 {
                at = (at + step) & mask;
            }
            slots[at] = hash;
        }
        slots.retain(|&hash| hash != 0);
        self.write(0, &slots, out);
    }

    fn write(&self, order: u8, hashes: &[u64], out: &mut Vec<u8>) {
        const EMPTY: u8 = 4;
        const SINGLE: u8 = 32;
        const READ_ONLY_COMPACT: u8 = 2 | 8;
        let preamble = |longs: u8, flags: u8| [longs, 3, 3, 0, 0, READ_ONLY_COMPACT | order | flags];
        if self.is_empty {
            out.extend_from_slice(&preamble(1, EMPTY));
            return out.extend_from_slice(&[0, 0]);
        }
        let single = self.hashes.len() == 1 && self.theta == ALL;
        let longs = if single { 1 } else { 2 + u8::from(self.theta != ALL) };
        out.extend_from_slice(&preamble(longs, if single { SINGLE } else { 0 }));
        out.extend_from_slice(&seed_hash().to_le_bytes());
        if !single {
            out.extend_from_slice(&(self.hashes.len() as u32).to_le_bytes());
            out.extend_from_slice(&1.0_f32.to_le_bytes());
        }
        if self.theta != ALL {
            out.extend_from_slice(&self.theta.to_le_bytes());
        }
        hashes.iter().for_each(|hash| out.extend_from_slice(&hash.to_le_bytes()));
    }

    /// Reads the bytes of any DataSketches library, compressed ones too.
    pub fn decode(bytes: &[u8]) -> Result<Theta> {
        let sketch = compact(bytes)?;
        let mut hashes: Vec<u64> = sketch.iter().map(|entry| entry.hash()).collect();
        if !sketch.is_ordered() {
            hashes.sort_unstable();
        }
        Ok(Theta { theta: sketch.theta64(), is_empty: sketch.is_empty(), hashes })
    }

    /// A description for people.
    pub fn describe(&self) -> String {
        let (lower, upper) = self.bounds(2).unwrap_or_default();
        format!(
            "### THETA SKETCH SUMMARY:\n  Estimate                : {}\n  Upper Bound, 95% conf   : {upper}\n  \
             Lower Bound, 95% conf   : {lower}\n  Theta (double)          : {}\n  EstMode?                : {}\n  \
             Empty?                  : {}\n  Retained Entries        : {}\n",
            self.estimate(),
            self.theta as f64 / ALL as f64,
            self.theta != ALL,
            self.is_empty,
            self.hashes.len()
        )
    }
}

fn compact(bytes: &[u8]) -> Result<CompactThetaSketch> {
    CompactThetaSketch::deserialize(bytes).map_err(|error| Error::corrupt(WHAT, error.to_string()))
}

/// What tells sketches of different seeds apart.
pub(crate) fn seed_hash() -> u16 {
    hash128(&SEED.to_le_bytes(), 0).0 as u16
}

#[cfg(test)]
mod tests;
