//! Rows being rolled up, and snapshots of them.

mod append;
mod chunked;
mod column;
mod dimension;
mod index;
mod interner;
mod limits;
mod snapshot;
#[cfg(test)]
mod tests;

pub use append::{Appended, Batch, MetricInput};
pub use index::LiveIndex;
pub use limits::Limits;
pub use snapshot::LiveSnapshot;
