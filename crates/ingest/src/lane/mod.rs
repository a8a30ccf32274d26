//! Lanes: one partition of a source each, the unit of ownership, order and offsets.

mod buffer;
mod chunk;
mod group;
mod sink;
pub(crate) mod state;

pub(crate) use buffer::LaneBuffer;
pub(crate) use chunk::{ChunkHead, ClosedChunk, FoldPlan, OpenChunk, Rows, fingerprint_of};
pub(crate) use group::{Board, Command, Grant, Group, GroupConfig, LaneBoard};
