//! What sketches of numbers have in common.

use std::fmt::Debug;

use crate::error::Result;
use crate::feed::Number;

/// A sketch that is fed numbers one by one, in an order that may matter.
pub trait NumberSketch: Clone + Debug + Send + Sync + 'static {
    /// What it is fed.
    type Item: Number;

    fn add(&mut self, item: Self::Item);

    fn add_all(&mut self, items: &[Self::Item]) {
        items.iter().for_each(|&item| self.add(item));
    }

    /// Whether numbers that come many times are better counted first.
    const COUNTS: bool = false;

    /// Adds different numbers in ascending order, none of them NaN, each as often as it says.
    fn add_counted(&mut self, items: &[(Self::Item, u64)]) {
        items.iter().for_each(|(item, count)| (0..*count).for_each(|_| self.add(*item)));
    }

    /// Whether many numbers are better sorted first.
    const SORTS: bool = false;

    /// Adds so many numbers in ascending order, none of them NaN, of which the least and the greatest are known. Not
    /// all have to be looked at, but each after those before it.
    fn add_sorted(&mut self, num: usize, _ends: (Self::Item, Self::Item), item: &mut dyn FnMut(usize) -> Self::Item) {
        (0..num).for_each(|at| self.add(item(at)));
    }

    /// Whether it can be merged with another.
    fn check(&self, _other: &Self) -> Result<()> {
        Ok(())
    }

    /// Adds all that `other` has seen.
    fn merge(&mut self, other: &Self);
    fn memory_bytes(&self) -> usize;
    /// Appends the bytes that other implementations read.
    fn encode(&self, out: &mut Vec<u8>);
    fn decode(bytes: &[u8]) -> Result<Self>;
}
