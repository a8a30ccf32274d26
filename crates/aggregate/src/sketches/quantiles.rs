//! The classic quantiles sketch of doubles: a buffer of recent items and levels of `k` items, each
//! level's items weighing twice those of the level below.

use crate::error::{Error, Result};
use crate::sketches::number_sketch::NumberSketch;
use crate::sketches::quantile_sketch::QuantileSketch;

mod codec;
mod view;

pub use view::SortedView;

const WHAT: &str = "quantilesDoublesSketch";

/// Smallest and largest `k`, a power of two.
pub const MIN_K: usize = 2;
pub const MAX_K: usize = 32_768;

/// A summary of a stream of doubles that answers quantiles and ranks.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    k: usize,
    n: u64,
    min: f64,
    max: f64,
    /// The latest items, fewer than `2k`, in order of arrival.
    base: Vec<f64>,
    /// Sorted levels; an empty one is free. Level `i` is filled where bit `i` of `n / 2k` is set.
    levels: Vec<Vec<f64>>,
}

impl Quantiles {
    /// An empty sketch; `k` must be a power of two from 2 to 32768.
    pub fn new(k: usize) -> Result<Quantiles> {
        if !k.is_power_of_two() || !(MIN_K..=MAX_K).contains(&k) {
            return Err(Error::invalid("", "k", format!("is {k}, must be a power of two from {MIN_K} to {MAX_K}")));
        }
        Ok(Quantiles { k, n: 0, min: f64::INFINITY, max: f64::NEG_INFINITY, base: Vec::new(), levels: Vec::new() })
    }

    pub fn k(&self) -> usize {
        self.k
    }

    /// Number of items seen.
    pub fn n(&self) -> u64 {
        self.n
    }

    pub fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Smallest item; infinity if there is none.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// Greatest item; minus infinity if there is none.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// Adds an item; NaN is ignored.
    pub fn add(&mut self, item: f64) {
        self.add_all(&[item]);
    }

    /// Adds items in their order; NaN is ignored.
    pub fn add_all(&mut self, items: &[f64]) {
        if items.iter().any(|item| item.is_nan()) {
            items.iter().filter(|item| !item.is_nan()).for_each(|item| self.add_numbers(&[*item]));
        } else {
            self.add_numbers(items);
        }
    }

    /// Adds items of which none is NaN.
    fn add_numbers(&mut self, mut items: &[f64]) {
        while !items.is_empty() {
            let (now, later) = items.split_at((self.k * 2 - self.base.len()).min(items.len()));
            self.n += now.len() as u64;
            self.min = now.iter().fold(self.min, |min, &item| if item < min { item } else { min });
            self.max = now.iter().fold(self.max, |max, &item| if item > max { item } else { max });
            self.base.extend_from_slice(now);
            if self.base.len() == self.k * 2 {
                self.empty_base();
            }
            items = later;
        }
    }

    /// Moves a full buffer to the levels.
    fn empty_base(&mut self) {
        let mut full = std::mem::take(&mut self.base);
        sort(&mut full);
        let carry = self.halve(&full, 0);
        self.carry(carry, 0);
        full.clear();
        self.base = full;
    }

    /// Adds different numbers in ascending order, none of them NaN, each as often as it says: as many of the same
    /// number as a level's items weigh are one item of it, so the answers are at most as far off as if they had come
    /// one by one.
    pub fn add_counted(&mut self, items: &[(f64, u64)]) {
        let (Some(first), Some(last)) = (items.first(), items.last()) else { return };
        (self.min, self.max) = (self.min.min(first.0), self.max.max(last.0));
        let most = items.iter().map(|(_, count)| *count).max().unwrap_or(0);
        // What is left over of items that weigh twice as much.
        let mut left: Vec<f64> = Vec::new();
        for bit in (0..most.checked_ilog2().map_or(0, |top| top + 1)).rev() {
            let own: Vec<f64> =
                items.iter().filter(|(_, count)| count >> bit & 1 == 1).map(|(item, _)| *item).collect();
            let twice: Vec<f64> = left.iter().flat_map(|item| [*item; 2]).collect();
            let all = merge_sorted(&own, &twice);
            if bit == 0 {
                return self.add_numbers(&all);
            }
            let full = all.chunks_exact(self.k * 2);
            left = full.remainder().to_vec();
            for items in full {
                self.n += (items.len() as u64) << bit;
                let items = self.halve(items, bit as usize);
                self.carry(items, bit as usize);
            }
        }
    }

    /// Adds numbers in ascending order, none of them NaN: of as many neighbours as an item of a level stands for, one
    /// is taken, so the answers are at most as far off as if they had come one by one.
    pub fn add_sorted(&mut self, num: usize, (least, greatest): (f64, f64), item: &mut dyn FnMut(usize) -> f64) {
        if num == 0 {
            return;
        }
        (self.min, self.max) = (self.min.min(least), self.max.max(greatest));
        let mut start = 0;
        while let Some(level) = ((num - start) / (self.k * 2)).checked_ilog2() {
            let each = 2 << level;
            self.n += (self.k * each) as u64;
            let start_at = start + (self.chance(level as usize) >> (u64::BITS - 1 - level)) as usize;
            let items = (0..self.k).map(|at| item(start_at + at * each)).collect();
            self.carry(items, level as usize);
            start += self.k * each;
        }
        self.add_numbers(&(start..num).map(item).collect::<Vec<f64>>());
    }

    /// Bits that depend only on how many items the sketch has seen, so that the same stream always gives the same
    /// sketch.
    fn chance(&self, level: usize) -> u64 {
        let mut bits = self.n ^ (level as u64) << 48;
        bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53)
    }

    /// Every other item.
    fn halve(&self, sorted: &[f64], level: usize) -> Vec<f64> {
        let offset = usize::from(self.chance(level) >> 63 == 1);
        sorted.iter().copied().skip(offset).step_by(2).collect()
    }

    /// Puts `k` sorted items into a level; two full levels make one of the level above.
    fn carry(&mut self, mut items: Vec<f64>, mut level: usize) {
        loop {
            if level >= self.levels.len() {
                self.levels.resize_with(level + 1, Vec::new);
            }
            if self.levels[level].is_empty() {
                self.levels[level] = items;
                return;
            }
            let held = std::mem::take(&mut self.levels[level]);
            items = self.halve(&merge_sorted(&held, &items), level + 1);
            level += 1;
        }
    }

    /// Adds all that `other` has seen. The smaller `k` of the two stays.
    pub fn merge(&mut self, other: &Quantiles) {
        if other.is_empty() {
            return;
        }
        if other.k < self.k {
            let mut smaller = other.clone();
            smaller.absorb(self);
            *self = smaller;
        } else {
            self.absorb(other);
        }
    }

    /// Adds a sketch of the same `k` or a greater one.
    fn absorb(&mut self, other: &Quantiles) {
        if self.is_empty() && other.k == self.k {
            self.clone_from(other);
            return;
        }
        let n = self.n + other.n;
        other.base.iter().for_each(|&item| self.add(item));
        let times = other.k / self.k;
        let up = times.trailing_zeros() as usize;
        for (level, items) in other.levels.iter().enumerate().filter(|(_, items)| !items.is_empty()) {
            let mut items = items.clone();
            for step in 0..up {
                items = self.halve(&items, level + step);
            }
            self.carry(items, level + up);
        }
        self.n = n;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The items in order, for questions.
    pub fn view(&self) -> SortedView {
        let mut items: Vec<(f64, u64)> = self.base.iter().map(|&item| (item, 1)).collect();
        for (level, level_items) in self.levels.iter().enumerate() {
            items.extend(level_items.iter().map(|&item| (item, 2 << level)));
        }
        SortedView::new(items, self.n, self.min, self.max)
    }

    /// Bytes in memory.
    pub fn memory_bytes(&self) -> usize {
        let levels: usize = self.levels.iter().map(|level| level.capacity() + 3).sum();
        size_of::<Quantiles>() + (self.base.capacity() + levels) * size_of::<f64>()
    }

    /// A description for people.
    pub fn describe(&self) -> String {
        format!(
            "### Quantiles DoublesSketch SUMMARY:\n  Empty                        : {}\n  K                            : \
             {}\n  N                            : {}\n  Levels (Used)                : {}\n  Min Item                     \
             : {}\n  Max Item                     : {}\n",
            self.is_empty(),
            self.k,
            self.n,
            self.levels.iter().filter(|level| !level.is_empty()).count(),
            self.min,
            self.max
        )
    }
}

impl NumberSketch for Quantiles {
    type Item = f64;

    const COUNTS: bool = true;

    fn add_counted(&mut self, items: &[(f64, u64)]) {
        Quantiles::add_counted(self, items);
    }

    const SORTS: bool = true;

    fn add_sorted(&mut self, num: usize, ends: (f64, f64), item: &mut dyn FnMut(usize) -> f64) {
        Quantiles::add_sorted(self, num, ends, item);
    }

    fn add(&mut self, item: f64) {
        Quantiles::add(self, item);
    }

    fn add_all(&mut self, items: &[f64]) {
        Quantiles::add_all(self, items);
    }

    fn merge(&mut self, other: &Quantiles) {
        Quantiles::merge(self, other);
    }

    fn memory_bytes(&self) -> usize {
        Quantiles::memory_bytes(self)
    }

    fn encode(&self, out: &mut Vec<u8>) {
        Quantiles::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Quantiles> {
        Quantiles::decode(bytes)
    }
}

impl QuantileSketch for Quantiles {
    const NAME: &'static str = WHAT;
    const MERGE_NAME: &'static str = "quantilesDoublesSketchMerge";
    const HOLDS_FLOATS: bool = false;
    const DEFAULT_K: i64 = 128;
    const MAX_K: i64 = MAX_K as i64;

    fn with_k(k: usize) -> Result<Quantiles> {
        Quantiles::new(k)
    }

    fn k(&self) -> usize {
        self.k
    }

    fn n(&self) -> u64 {
        self.n
    }

    fn view(&self) -> SortedView {
        Quantiles::view(self)
    }

    fn describe(&self) -> String {
        Quantiles::describe(self)
    }
}

/// Sorts numbers by their total order, as integers: they compare in one instruction.
fn sort(items: &mut [f64]) {
    let turned = |bits: i64| bits ^ (((bits >> 63) as u64) >> 1) as i64;
    let mut keys: Vec<i64> = items.iter().map(|item| turned(item.to_bits() as i64)).collect();
    keys.sort_unstable();
    items.iter_mut().zip(keys).for_each(|(item, key)| *item = f64::from_bits(turned(key) as u64));
}

fn merge_sorted(one: &[f64], other: &[f64]) -> Vec<f64> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut a, mut b) = (0, 0);
    while a < one.len() && b < other.len() {
        // Without a branch: which list comes next cannot be foreseen.
        let first = one[a] <= other[b];
        merged.push(if first { one[a] } else { other[b] });
        a += usize::from(first);
        b += usize::from(!first);
    }
    merged.extend_from_slice(&one[a..]);
    merged.extend_from_slice(&other[b..]);
    merged
}

#[cfg(test)]
mod tests;
