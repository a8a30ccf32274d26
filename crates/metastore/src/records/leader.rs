use serde::{Deserialize, Serialize};

use crate::records::record;

record! {
    /// Who leads a role.
    Leader in "leaders", 1 keys {
        role: String,
        holder: String,
        epoch: i64,
        nonce: i64,
        lease_until: i64,
    }
}

impl Leader {
    pub fn claim(&self) -> LeaderClaim {
        LeaderClaim { role: self.role.clone(), epoch: self.epoch, nonce: self.nonce }
    }
}

/// A leader's right to act for its role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderClaim {
    pub role: String,
    pub epoch: i64,
    pub nonce: i64,
}
