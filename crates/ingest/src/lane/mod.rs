//! Lanes: one partition of a source each, the unit of ownership, order and offsets.

mod board;
mod buffer;
mod chunk;
mod group;
mod joint;
mod known_topics;
mod lease;
mod perform;
mod reading;
mod sink;
pub(crate) mod state;
mod years;

pub(crate) use board::{Board, Trouble};
pub(crate) use chunk::{ChunkHead, ClosedChunk, Rows, fingerprint_of};
pub(crate) use group::{Command, Grant, Group, GroupConfig};
pub(crate) use joint::{Joint, JointConfig};
pub(crate) use known_topics::KnownTopics;
pub(crate) use lease::Lease;
pub use sink::{append as append_rows, rollup_schema};
pub(crate) use sink::{by_time_chunk, dimension_schema};
