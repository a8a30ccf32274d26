//! Rows being rolled up, and snapshots of them.

mod append;
pub(crate) mod chunked;
mod column;
mod dimension;
mod index;
pub(crate) mod interner;
mod limits;
mod nested;
mod snapshot;
#[cfg(test)]
mod tests;

pub use append::{Appended, Batch, MetricInput};
pub use index::LiveIndex;
pub use limits::Limits;
pub use snapshot::LiveSnapshot;
