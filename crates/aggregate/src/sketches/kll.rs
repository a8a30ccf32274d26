//! The KLL quantiles sketch: levels of items, those of each level standing for twice as many as those below, lower
//! levels smaller than higher ones. Which items survive depends only on what the sketch has seen.

mod codec;

use std::fmt::Debug;

use crate::error::{Error, Result};
use crate::feed::Number;
use crate::sketches::number_sketch::NumberSketch;
use crate::sketches::quantile_sketch::QuantileSketch;
use crate::sketches::quantiles::SortedView;

const MIN_K: usize = 8;
/// Least room of a level.
const MIN_CAPACITY: u64 = 8;
const MAX_LEVELS: usize = 61;

/// A floating number that the sketch holds.
pub trait KllItem: Number + PartialOrd + Debug {
    const NAME: &'static str;
    const MERGE_NAME: &'static str;
    const SIZE: usize;
    fn double(self) -> f64;
    fn is_nan(self) -> bool;
    fn order(&self, other: &Self) -> std::cmp::Ordering;
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Option<Self>;
}

macro_rules! item {
    ($number:ty, $name:literal, $merge_name:literal) => {
        impl KllItem for $number {
            const NAME: &'static str = $name;
            const MERGE_NAME: &'static str = $merge_name;
            const SIZE: usize = size_of::<$number>();

            fn double(self) -> f64 {
                self.into()
            }

            fn is_nan(self) -> bool {
                <$number>::is_nan(self)
            }

            fn order(&self, other: &Self) -> std::cmp::Ordering {
                self.total_cmp(other)
            }

            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            fn get(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(<$number>::from_le_bytes)
            }
        }
    };
}

item!(f64, "KllDoublesSketch", "KllDoublesSketchMerge");
item!(f32, "KllFloatsSketch", "KllFloatsSketchMerge");

#[derive(Clone, Debug)]
pub struct Kll<T> {
    k: usize,
    /// The least `k` of all that was merged.
    min_k: usize,
    n: u64,
    min: T,
    max: T,
    num_retained: usize,
    /// Items that all levels have room for.
    room: usize,
    /// From the lowest, which alone is not sorted; at least one.
    levels: Vec<Vec<T>>,
}

impl<T: KllItem> Kll<T> {
    fn with_room(&mut self) {
        while self.num_retained >= self.room {
            self.compress();
        }
    }

    /// Moves half of the lowest full level up, of an odd number all but one.
    fn compress(&mut self) {
        let num_levels = self.levels.len();
        let is_full = |level: &usize| self.levels[*level].len() >= level_capacity(self.k, num_levels, *level);
        let Some(level) = (0..num_levels).find(is_full) else { return };
        if level + 1 == num_levels {
            self.levels.push(Vec::new());
            self.room = capacity(self.k, num_levels + 1);
        }
        let mut items = std::mem::take(&mut self.levels[level]);
        if level == 0 {
            items.sort_unstable_by(T::order);
        }
        let rest = if items.len() % 2 == 1 { items.drain(..1).collect() } else { Vec::new() };
        let offset = self.offset(level);
        let moved: Vec<T> = items.iter().copied().skip(offset).step_by(2).collect();
        self.num_retained -= items.len() - moved.len();
        self.levels[level] = rest;
        self.merge_level(level + 1, &moved);
    }

    /// Whether the even or the odd items stay.
    fn offset(&self, level: usize) -> usize {
        let mut bits = self.n ^ (level as u64) << 48 ^ (self.num_retained as u64) << 32;
        bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
        bits = (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        usize::from(bits >> 63 == 1)
    }

    /// Puts sorted items into a level.
    fn merge_level(&mut self, level: usize, items: &[T]) {
        let held = &mut self.levels[level];
        held.extend_from_slice(items);
        // Two sorted runs: the stable sort merges them.
        held.sort_by(T::order);
    }

    fn widen(&mut self, min: T, max: T) {
        if self.n == 0 {
            (self.min, self.max) = (min, max);
            return;
        }
        if min < self.min {
            self.min = min;
        }
        if max > self.max {
            self.max = max;
        }
    }

    fn push(&mut self, item: T) {
        self.with_room();
        self.levels[0].push(item);
        self.num_retained += 1;
    }
}

/// Items that all levels have room for.
fn capacity(k: usize, num_levels: usize) -> usize {
    (0..num_levels).map(|level| level_capacity(k, num_levels, level)).sum()
}

/// Room shrinks by a third with each level below the highest.
fn level_capacity(k: usize, num_levels: usize, level: usize) -> usize {
    /// Powers of three beyond this one are taken in two steps.
    const MAX_STEP: usize = 30;
    let step = |k: u64, depth: usize| {
        let power = (0..depth).fold(1_u64, |power, _| power * 3);
        let twice = (k << (depth + 1)) / power;
        (twice + 1) >> 1
    };
    let depth = num_levels - level - 1;
    let room = match depth {
        0..=MAX_STEP => step(k as u64, depth),
        _ => step(step(k as u64, depth / 2), depth - depth / 2),
    };
    room.max(MIN_CAPACITY) as usize
}

impl<T: KllItem> NumberSketch for Kll<T> {
    type Item = T;

    /// NaN adds nothing.
    fn add(&mut self, item: T) {
        if item.is_nan() {
            return;
        }
        self.widen(item, item);
        self.push(item);
        self.n += 1;
    }

    fn merge(&mut self, other: &Kll<T>) {
        if other.n == 0 {
            return;
        }
        self.widen(other.min, other.max);
        self.n += other.n;
        for &item in &other.levels[0] {
            self.push(item);
        }
        if other.levels.len() > self.levels.len() {
            self.levels.resize_with(other.levels.len(), Vec::new);
            self.room = capacity(self.k, self.levels.len());
        }
        for (level, items) in other.levels.iter().enumerate().skip(1) {
            self.merge_level(level, items);
            self.num_retained += items.len();
        }
        while self.num_retained > self.room {
            self.compress();
        }
        if other.levels.len() > 1 {
            self.min_k = self.min_k.min(other.min_k);
        }
    }

    fn memory_bytes(&self) -> usize {
        let items: usize = self.levels.iter().map(Vec::capacity).sum();
        size_of::<Self>() + items * T::SIZE + self.levels.capacity() * size_of::<Vec<T>>()
    }

    fn encode(&self, out: &mut Vec<u8>) {
        codec::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Kll<T>> {
        codec::decode(bytes)
    }
}

impl<T: KllItem> QuantileSketch for Kll<T> {
    const NAME: &'static str = T::NAME;
    const MERGE_NAME: &'static str = T::MERGE_NAME;
    const HOLDS_FLOATS: bool = T::SIZE == 4;
    const DEFAULT_K: i64 = 200;
    const MAX_K: i64 = u16::MAX as i64;

    fn with_k(k: usize) -> Result<Kll<T>> {
        if !(MIN_K..=usize::from(u16::MAX)).contains(&k) {
            return Err(Error::corrupt(T::NAME, format!("has a k of {k}, must be from {MIN_K} to {}", u16::MAX)));
        }
        let (min, max) = (T::default(), T::default());
        Ok(Kll { k, min_k: k, n: 0, min, max, num_retained: 0, room: capacity(k, 1), levels: vec![Vec::new()] })
    }

    fn k(&self) -> usize {
        self.k
    }

    fn n(&self) -> u64 {
        self.n
    }

    fn view(&self) -> SortedView {
        let levels = (0..).zip(&self.levels);
        let items = levels.flat_map(|(level, items)| items.iter().map(move |item| (item.double(), 1_u64 << level)));
        SortedView::new(items.collect(), self.n, self.min.double(), self.max.double())
    }

    fn describe(&self) -> String {
        format!(
            "### {} Summary:\n   K                      : {}\n   Min K                  : {}\n   Empty                  : \
             {}\n   Estimation Mode        : {}\n   Levels                 : {}\n   N                      : {}\n   \
             Retained Items         : {}\n   Min Item               : {:?}\n   Max Item               : {:?}\n",
            T::NAME,
            self.k,
            self.min_k,
            self.n == 0,
            self.levels.len() > 1,
            self.levels.len(),
            self.n,
            self.num_retained,
            self.min,
            self.max
        )
    }
}

#[cfg(test)]
mod tests;
