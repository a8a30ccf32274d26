use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Lane, LaneId, LaneState, Ledger};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, audit, check_generation, find_lane, invalid, lane_filter, outcome};
use crate::verbs::jump::Jump;
use crate::verbs::rebase::{Rebase, Rebased};
use crate::{Outcome, Result};

/// Keep what was indexed of a log that is shorter now, by an operator's decision: what the log has lost is booked
/// with a negative sign, so that the books of the lane end where the log does, and a new generation of the source
/// begins there, so that no offset is booked twice in one. Other lanes go on, or stand, as they were. Key: source and
/// its present generation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accept {
    pub lane: LaneId,
    /// Where the lane stands.
    pub from_offset: i64,
    /// Where the log ends.
    pub to_offset: i64,
    pub why: String,
    pub by: String,
}

impl Accept {
    fn rebase(&self) -> Rebase {
        Rebase {
            source_id: self.lane.source_id.clone(),
            expected_gen: self.lane.source_gen,
            starts: vec![(self.lane.partition, self.to_offset)],
            forget_others: false,
            cluster_id: None,
            topic_uuid: None,
            by: self.by.clone(),
        }
    }

    fn jump(&self) -> Jump<'_> {
        let Accept { lane, from_offset, to_offset, why, by } = self;
        Jump { lane, from_offset: *from_offset, to_offset: *to_offset, why, by }
    }

    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Rebased>> {
        let taken_back: Option<Ledger> = tx.one(lane_filter(&self.lane).eq("from_offset", self.from_offset)).await?;
        if taken_back.is_some_and(|row| row.to_offset == self.to_offset) {
            return self.rebase().guarded(tx).await;
        }
        check_generation(tx, &self.lane).await?;
        let mut lane = find_lane(tx, &self.lane).await?;
        self.jump().check_stands(&lane)?;
        if !(0..self.from_offset).contains(&self.to_offset) {
            return Err(invalid("to_offset", "is not below from_offset"));
        }
        let Outcome::Done(mut rebased) = self.rebase().guarded(tx).await? else {
            return Err(invalid("lane", "belongs to another generation"));
        };
        for new in rebased.lanes.iter_mut().filter(|new| new.partition != self.lane.partition) {
            self.keep_state(tx, new).await?;
        }
        self.jump().book(tx, "accept", &mut lane).await?;
        let detail = format!("{} back to {}: {}", self.from_offset, self.to_offset, self.why);
        audit(tx, "accept", &self.lane.to_string(), &self.by, detail).await?;
        Ok(Outcome::Done(rebased))
    }

    /// Nothing was decided about the other lanes.
    async fn keep_state(&self, tx: &mut Tx, new: &mut Lane) -> Guarded<()> {
        let id = LaneId { source_gen: self.lane.source_gen, ..new.id() };
        let old = find_lane(tx, &id).await?;
        if matches!(old.state, LaneState::Halted | LaneState::Gone) {
            (new.state, new.reason) = (old.state, old.reason);
            tx.save(new).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Verb for Accept {
    type Output = Rebased;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Rebased>> {
        outcome(self.guarded(tx).await)
    }
}
