//! Tuple sketches of the form «array of doubles»: theta sketches whose every hash carries some numbers, summed where
//! the hash comes again.

mod codec;

use crate::error::{Error, Result};
use crate::sketches::theta::{ALL, Theta};

const WHAT: &str = "arrayOfDoublesSketch";
const MIN_SLOTS: usize = 16;
/// Numbers a hash may carry, which the stored form counts in a byte.
pub const MAX_VALUES: usize = 127;

/// Hashes below a threshold and the numbers of each.
#[derive(Clone, Debug)]
pub struct Tuples {
    k: usize,
    num_values: usize,
    theta: u64,
    is_empty: bool,
    len: usize,
    /// Open addressing; 0 is a free slot, and no hash is 0.
    slots: Vec<u64>,
    /// `num_values` for each slot.
    values: Vec<f64>,
}

impl Tuples {
    /// A sketch of nominal size `k`, a power of two.
    pub fn new(k: usize, num_values: usize) -> Tuples {
        Tuples { k, num_values, theta: ALL, is_empty: true, len: 0, slots: Vec::new(), values: Vec::new() }
    }

    pub fn num_values(&self) -> usize {
        self.num_values
    }

    pub fn num_retained(&self) -> usize {
        self.len
    }

    /// Adds a hash with its numbers, `num_values` of them.
    pub fn add(&mut self, hash: u64, values: &[f64]) {
        self.is_empty = false;
        if hash != 0 && hash < self.theta {
            self.insert(hash, values);
        }
    }

    fn insert(&mut self, hash: u64, values: &[f64]) {
        if self.len * 4 >= self.slots.len() * 3 {
            self.make_room();
            if hash >= self.theta {
                return;
            }
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 && self.slots[at] != hash {
            at = (at + 1) & mask;
        }
        let held = &mut self.values[at * self.num_values..(at + 1) * self.num_values];
        if self.slots[at] == hash {
            held.iter_mut().zip(values).for_each(|(held, value)| *held += value);
        } else {
            held.copy_from_slice(values);
            self.slots[at] = hash;
            self.len += 1;
        }
    }

    /// Doubles the table; once it holds one and a half times `k`, keeps the `k` smallest hashes.
    fn make_room(&mut self) {
        let is_full = self.slots.len() >= self.k * 2 && self.len > self.k;
        let num_slots = if is_full { self.slots.len() } else { (self.slots.len() * 2).max(MIN_SLOTS) };
        if is_full {
            self.tighten();
        }
        self.refill(num_slots);
    }

    /// Lowers the threshold to that at which `k` hashes are below it.
    fn tighten(&mut self) {
        let mut hashes: Vec<u64> = self.slots.iter().copied().filter(|&hash| hash != 0).collect();
        let (_, &mut theta, _) = hashes.select_nth_unstable(self.k);
        self.theta = theta;
    }

    /// The finished sketch, of at most `k` hashes: the same in whatever order they came.
    pub fn finish(&self) -> Tuples {
        let mut finished = self.clone();
        if finished.len > finished.k {
            finished.tighten();
            finished.refill(finished.slots.len());
        }
        finished
    }

    /// Moves what is below the threshold to a table of so many slots.
    fn refill(&mut self, num_slots: usize) {
        let slots = std::mem::replace(&mut self.slots, vec![0; num_slots]);
        let values = std::mem::replace(&mut self.values, vec![0.0; num_slots * self.num_values]);
        self.len = 0;
        let theta = self.theta;
        for (at, &hash) in slots.iter().enumerate().filter(|&(_, &hash)| hash != 0 && hash < theta) {
            self.insert(hash, &values[at * self.num_values..(at + 1) * self.num_values]);
        }
    }

    /// The hashes and their numbers, in no special order.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &[f64])> {
        let values = self.values.chunks_exact(self.num_values.max(1));
        self.slots.iter().copied().zip(values).filter(|&(hash, _)| hash != 0)
    }

    /// Adds all that `other` has seen.
    pub fn merge(&mut self, other: &Tuples) -> Result<()> {
        self.check(other)?;
        self.is_empty &= other.is_empty;
        self.lower(other.theta);
        other.entries().filter(|&(hash, _)| hash < other.theta).for_each(|(hash, values)| {
            if hash < self.theta {
                self.insert(hash, values);
            }
        });
        Ok(())
    }

    fn lower(&mut self, theta: u64) {
        if theta < self.theta {
            self.theta = theta;
            self.refill(self.slots.len());
        }
    }

    fn check(&self, other: &Tuples) -> Result<()> {
        match self.num_values == other.num_values {
            true => Ok(()),
            false => Err(Error::invalid(
                WHAT,
                "numberOfValues",
                format!("is {}, but a sketch has {} values", self.num_values, other.num_values),
            )),
        }
    }

    /// What is in both, the numbers added.
    pub fn intersect(&self, other: &Tuples) -> Result<Tuples> {
        if self.is_empty || other.is_empty {
            return Ok(Tuples::new(self.k, self.num_values));
        }
        self.select(other, true)
    }

    /// What is in this one but not in `other`, with its numbers.
    pub fn without(&self, other: &Tuples) -> Result<Tuples> {
        if self.is_empty || other.is_empty {
            return Ok(self.clone());
        }
        self.select(other, false)
    }

    fn select(&self, other: &Tuples, present: bool) -> Result<Tuples> {
        self.check(other)?;
        let mut selected = Tuples::new(self.k.max(self.len), self.num_values);
        let theta = self.theta.min(other.theta);
        selected.theta = theta;
        for (hash, values) in self.entries().filter(|&(hash, _)| hash < theta) {
            match (other.find(hash), present) {
                (Some(more), true) => {
                    let sums: Vec<f64> = values.iter().zip(more).map(|(one, other)| one + other).collect();
                    selected.insert(hash, &sums);
                }
                (None, false) => selected.insert(hash, values),
                (Some(_), false) | (None, true) => {}
            }
        }
        selected.k = self.k;
        selected.is_empty = selected.len == 0 && selected.theta == ALL;
        Ok(selected)
    }

    fn find(&self, hash: u64) -> Option<&[f64]> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            if self.slots[at] == hash {
                return Some(&self.values[at * self.num_values..(at + 1) * self.num_values]);
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// The sketch without its numbers.
    pub fn hashes(&self) -> Theta {
        let mut hashes: Vec<u64> = self.entries().map(|(hash, _)| hash).collect();
        hashes.sort_unstable();
        Theta::of(self.theta, self.is_empty, hashes)
    }

    pub fn estimate(&self) -> f64 {
        self.len as f64 / self.fraction()
    }

    /// The part of all hashes that is held.
    pub fn fraction(&self) -> f64 {
        if self.is_empty { 1.0 } else { self.theta as f64 / ALL as f64 }
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Tuples>() + (self.slots.capacity() + self.values.capacity()) * 8
    }

    /// A description for people.
    pub fn describe(&self) -> String {
        let (lower, upper) = self.hashes().bounds(2).unwrap_or_default();
        format!(
            "### ArrayOfDoublesCompactSketch SUMMARY: \n   Estimate                : {:?}\n   Upper Bound, 95% conf   : \
             {upper:?}\n   Lower Bound, 95% conf   : {lower:?}\n   Theta (double)          : {:?}\n   EstMode?        \
             \u{20}       : {}\n   Empty?                  : {}\n   Retained Entries        : {}\n",
            self.estimate(),
            self.fraction(),
            self.theta < ALL && !self.is_empty,
            self.is_empty,
            self.len
        )
    }
}

#[cfg(test)]
mod tests;
