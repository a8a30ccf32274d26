//! What sketches that answer about quantiles have in common.

use crate::error::Result;
use crate::sketches::number_sketch::NumberSketch;
use crate::sketches::quantiles::SortedView;

/// A sketch of numbers in their order.
pub trait QuantileSketch: NumberSketch {
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
    /// The items in order, for questions.
    fn view(&self) -> SortedView;
    /// A description for people.
    fn describe(&self) -> String;

    fn is_empty(&self) -> bool {
        self.n() == 0
    }
}
