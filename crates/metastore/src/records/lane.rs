use std::fmt;

use serde::{Deserialize, Serialize};

use crate::records::{record, words};

words! {
    /// Why a lane reads or does not read. `Halted` needs an operator, `Gone` follows a shrunk topic.
    LaneState { Reading = "reading", Paused = "paused", Halted = "halted", Gone = "gone", }
}

record! {
    /// One partition of a source: the unit of ownership, order and offsets.
    Lane in "lanes", 3 keys {
        source_id: String,
        source_gen: i64,
        partition: i32,
        owner: Option<String>,
        epoch: i64,
        nonce: i64,
        lease_until: i64,
        /// Where the lane began.
        start_offset: i64,
        /// Everything below is booked.
        next_offset: i64,
        /// Fingerprint of the last record below `next_offset`.
        tail_fp: Option<String>,
        /// Leader epoch of Kafka at `next_offset`.
        leader_epoch: Option<i32>,
        state: LaneState,
        reason: Option<String>,
    }
}

impl Lane {
    pub fn id(&self) -> LaneId {
        LaneId { source_id: self.source_id.clone(), source_gen: self.source_gen, partition: self.partition }
    }

    pub fn claim(&self) -> LaneClaim {
        LaneClaim { lane: self.id(), epoch: self.epoch, nonce: self.nonce }
    }
}

/// Names a lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LaneId {
    pub source_id: String,
    pub source_gen: i64,
    pub partition: i32,
}

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.source_id, self.source_gen, self.partition)
    }
}

/// An owner's right to act for a lane. The nonce tells twins apart that a restored database may make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneClaim {
    pub lane: LaneId,
    pub epoch: i64,
    pub nonce: i64,
}
