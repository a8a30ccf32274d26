use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Barrier, LaneClaim};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, check_generation, check_lane, invalid, lane_filter, outcome};
use crate::{Conflict, Outcome, Result};

/// Say from which offset on a lane parses with a version. Key: lane and version.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlaceBarrier {
    pub lane: LaneClaim,
    pub version: i64,
    pub from_offset: i64,
}

impl PlaceBarrier {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Barrier>> {
        let id = &self.lane.lane;
        check_generation(tx, id).await?;
        let lane = check_lane(tx, &self.lane).await?;
        let same: Option<Barrier> = tx.one(lane_filter(id).eq("version", self.version)).await?;
        if let Some(barrier) = same {
            if barrier.from_offset == self.from_offset {
                return Ok(Outcome::AlreadyDone(barrier));
            }
            let (what, key) = ("barrier".to_owned(), format!("{id} version {}", self.version));
            return Err(Conflict::OtherContent { what, key }.into());
        }
        if self.from_offset < lane.next_offset {
            let (committed, asked) = (lane.next_offset, self.from_offset);
            return Err(Conflict::Offset { lane: id.clone(), committed, asked }.into());
        }
        let last: Option<Barrier> = tx.one(lane_filter(id).down("version")).await?;
        if let Some(last) = last {
            if last.version > self.version {
                let what = format!("barrier of lane {id}");
                return Err(Conflict::Version { what, current: last.version, expected: self.version }.into());
            }
            if last.from_offset > self.from_offset {
                let detail = format!("{} lies below the last barrier at {}", self.from_offset, last.from_offset);
                return Err(invalid("from_offset", detail));
            }
        }
        let barrier = Barrier {
            source_id: id.source_id.clone(),
            source_gen: id.source_gen,
            partition: id.partition,
            version: self.version,
            from_offset: self.from_offset,
            at: tx.now,
        };
        tx.add(std::slice::from_ref(&barrier)).await?;
        Ok(Outcome::Done(barrier))
    }
}

#[async_trait]
impl Verb for PlaceBarrier {
    type Output = Barrier;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Barrier>> {
        outcome(self.guarded(tx).await)
    }
}
