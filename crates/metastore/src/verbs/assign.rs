use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Lane, LaneId, LeaderClaim};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, audit, check_generation, check_leader, find_lane, outcome};
use crate::{Conflict, Outcome, Result};

/// Give lanes to a node. Key: lane and the epoch it has now; the new epoch is one more.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assign {
    pub leader: LeaderClaim,
    /// Lane and the epoch that the leader saw.
    pub lanes: Vec<(LaneId, i64)>,
    pub node: String,
    pub ttl_ms: i64,
}

impl Assign {
    async fn guarded(&self, tx: &mut Tx, context: &Context) -> Guarded<Outcome<Vec<Lane>>> {
        check_leader(tx, &self.leader).await?;
        let (mut lanes, mut changed) = (Vec::new(), false);
        for (id, seen) in &self.lanes {
            check_generation(tx, id).await?;
            let mut lane = find_lane(tx, id).await?;
            if lane.epoch == seen + 1 && lane.owner.as_deref() == Some(&self.node) {
                lanes.push(lane);
                continue;
            }
            if lane.epoch != *seen {
                let what = format!("epoch of lane {id}");
                return Err(Conflict::Version { what, current: lane.epoch, expected: *seen }.into());
            }
            lane.owner = Some(self.node.clone());
            lane.epoch += 1;
            lane.nonce = context.nonce();
            lane.lease_until = tx.now.saturating_add(self.ttl_ms);
            tx.save(&lane).await?;
            audit(tx, "assign", &id.to_string(), &self.node, format!("epoch {}", lane.epoch)).await?;
            changed = true;
            lanes.push(lane);
        }
        Ok(if changed { Outcome::Done(lanes) } else { Outcome::AlreadyDone(lanes) })
    }
}

#[async_trait]
impl Verb for Assign {
    type Output = Vec<Lane>;

    async fn run(&self, tx: &mut Tx, context: &Context) -> Result<Outcome<Vec<Lane>>> {
        outcome(self.guarded(tx, context).await)
    }
}
