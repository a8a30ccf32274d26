use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Lane, LaneId, LaneState};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Authority, Guarded, audit, find_lane, invalid, outcome};
use crate::{Outcome, Result};

/// Say that a lane is paused, halted or gone and why, or that it reads again. Key: lane, state and
/// reason. An owner may do all but lift a halt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLane {
    pub lane: LaneId,
    pub state: LaneState,
    pub reason: Option<String>,
    pub by: Authority,
}

impl SetLane {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Lane>> {
        let by = self.by.check(tx).await?;
        if matches!(&self.by, Authority::Owner(claim) if claim.lane != self.lane) {
            return Err(invalid("by", "is the claim of another lane"));
        }
        let mut lane = find_lane(tx, &self.lane).await?;
        if lane.state == self.state && lane.reason == self.reason {
            return Ok(Outcome::AlreadyDone(lane));
        }
        if lane.state == LaneState::Halted && matches!(self.by, Authority::Owner(_)) {
            return Err(invalid("by", "a halted lane needs an operator"));
        }
        lane.state = self.state;
        lane.reason.clone_from(&self.reason);
        tx.save(&lane).await?;
        let detail = format!("{} {}", self.state.as_str(), self.reason.as_deref().unwrap_or(""));
        audit(tx, "set_lane", &self.lane.to_string(), &by, detail).await?;
        Ok(Outcome::Done(lane))
    }
}

#[async_trait]
impl Verb for SetLane {
    type Output = Lane;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Lane>> {
        outcome(self.guarded(tx).await)
    }
}
