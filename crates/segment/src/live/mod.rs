//! Rows being rolled up, and snapshots of them.

mod append;
#[cfg(test)]
mod block_tests;
pub(crate) mod code_rows;
mod dimension;
mod index;
pub(crate) mod interner;
mod limits;
mod nested;
mod number_block;
mod number_rows;
mod numbers;
mod open;
mod path_numbers;
mod shed;
mod snapshot;
mod states;
#[cfg(test)]
mod tests;
mod texts;

pub use append::{Appended, Batch, MetricInput, folds_in_vain};
pub use index::LiveIndex;
pub use limits::Limits;
pub use snapshot::LiveSnapshot;
