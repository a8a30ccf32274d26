use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{LaneClaim, LaneId};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, Stop, check_generation, check_lane, outcome};
use crate::{Conflict, Fence, Outcome, Result};

/// Keep lanes: the leases of those still owned are extended, the others are named.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Renew {
    pub lanes: Vec<LaneClaim>,
    pub ttl_ms: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Renewed {
    /// End of the extended leases, by the database's clock.
    pub lease_until: i64,
    pub renewed: Vec<LaneId>,
    /// Owned by somebody else now.
    pub fenced: Vec<LaneId>,
    /// Of an old generation: the source was rebased.
    pub rebased: Vec<LaneId>,
}

impl Renew {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Renewed>> {
        let mut answer = Renewed { lease_until: tx.now.saturating_add(self.ttl_ms), ..Renewed::default() };
        for claim in &self.lanes {
            let id = claim.lane.clone();
            match check_generation(tx, &id).await {
                Ok(_) => {}
                Err(Stop::Conflict(Conflict::Rebased { .. })) => {
                    answer.rebased.push(id);
                    continue;
                }
                Err(stop) => return Err(stop),
            }
            match check_lane(tx, claim).await {
                Ok(mut lane) => {
                    lane.lease_until = answer.lease_until;
                    tx.save(&lane).await?;
                    answer.renewed.push(id);
                }
                Err(Stop::Fenced(Fence::Lane { .. })) => answer.fenced.push(id),
                Err(stop) => return Err(stop),
            }
        }
        Ok(Outcome::Done(answer))
    }
}

#[async_trait]
impl Verb for Renew {
    type Output = Renewed;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Renewed>> {
        outcome(self.guarded(tx).await)
    }
}
