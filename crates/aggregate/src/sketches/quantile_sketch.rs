//! What sketches that answer about quantiles have in common.

use std::fmt::Debug;

use crate::error::Result;
use crate::feed::Number;
use crate::sketches::quantiles::SortedView;

/// A sketch of numbers in their order.
pub trait QuantileSketch: Clone + Debug + Send + Sync + 'static {
    /// What it is fed.
    type Item: Number;
    /// The aggregator that makes it; the one that merges it has `Merge` behind.
    const NAME: &'static str;
    const MERGE_NAME: &'static str;
    /// Whether items are floats, and quantiles with them.
    const HOLDS_FLOATS: bool;
    const DEFAULT_K: i64;
    const MAX_K: i64;

    /// An empty sketch; fails where `k` is none.
    fn with_k(k: usize) -> Result<Self>;
    fn k(&self) -> usize;
    /// Items seen.
    fn n(&self) -> u64;
    fn add(&mut self, item: Self::Item);

    fn add_all(&mut self, items: &[Self::Item]) {
        items.iter().for_each(|&item| self.add(item));
    }

    /// Adds all that `other` has seen.
    fn merge(&mut self, other: &Self);
    fn memory_bytes(&self) -> usize;
    /// Appends the bytes that DataSketches libraries read.
    fn encode(&self, out: &mut Vec<u8>);
    fn decode(bytes: &[u8]) -> Result<Self>;
    /// The items in order, for questions.
    fn view(&self) -> SortedView;
    /// A description for people.
    fn describe(&self) -> String;

    fn is_empty(&self) -> bool {
        self.n() == 0
    }
}
