use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Gap, Lane, LaneId, SnapshotKind};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{
    Authority, Guarded, audit, check_generation, find_datasource, find_lane, invalid, lane_filter, next_snapshot,
    outcome,
};
use crate::verbs::jump::Jump;
use crate::{Outcome, Result};

/// Give up a range of a lane, in the open. Key: lane, from and to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Skip {
    pub lane: LaneId,
    pub from_offset: i64,
    pub to_offset: i64,
    pub why: String,
    pub by: Authority,
}

impl Skip {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Lane>> {
        let source = check_generation(tx, &self.lane).await?;
        let by = self.by.check(tx).await?;
        if matches!(&self.by, Authority::Owner(claim) if claim.lane != self.lane) {
            return Err(invalid("by", "is the claim of another lane"));
        }
        let mut lane = find_lane(tx, &self.lane).await?;
        let same = lane_filter(&self.lane).eq("from_offset", self.from_offset).eq("to_offset", self.to_offset);
        let gap: Option<Gap> = tx.one(same).await?;
        if gap.is_some() {
            return Ok(Outcome::AlreadyDone(lane));
        }
        let Skip { from_offset, to_offset, why, .. } = self;
        let jump = Jump { lane: &self.lane, from_offset: *from_offset, to_offset: *to_offset, why, by: &by };
        jump.check_stands(&lane)?;
        if self.to_offset <= self.from_offset {
            return Err(invalid("to_offset", "is not above from_offset"));
        }
        jump.book(tx, "skip", &mut lane).await?;
        let mut datasource = find_datasource(tx, &source.datasource_id).await?;
        next_snapshot(tx, &mut datasource, SnapshotKind::Skip, &by).await?;
        let detail = format!("{}..{}: {}", self.from_offset, self.to_offset, self.why);
        audit(tx, "skip", &self.lane.to_string(), &by, detail).await?;
        Ok(Outcome::Done(lane))
    }
}

#[async_trait]
impl Verb for Skip {
    type Output = Lane;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Lane>> {
        outcome(self.guarded(tx).await)
    }
}
