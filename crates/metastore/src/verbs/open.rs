use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Lane, LaneId, LaneState};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, check_generation, invalid, lane_filter, outcome};
use crate::{Conflict, Outcome, Result};

/// Make lanes of one source with the offsets they start at. Key: the lane.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Open {
    pub source_id: String,
    pub source_gen: i64,
    /// Partition and first offset to read.
    pub starts: Vec<(i32, i64)>,
}

pub(crate) fn new_lane(id: LaneId, start: i64) -> Lane {
    Lane {
        source_id: id.source_id,
        source_gen: id.source_gen,
        partition: id.partition,
        owner: None,
        epoch: 0,
        nonce: 0,
        lease_until: 0,
        start_offset: start,
        next_offset: start,
        tail_fp: None,
        leader_epoch: None,
        state: LaneState::Reading,
        reason: None,
    }
}

impl Open {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Vec<Lane>>> {
        let (mut lanes, mut is_new) = (Vec::new(), false);
        for &(partition, start) in &self.starts {
            let (source_id, source_gen) = (self.source_id.clone(), self.source_gen);
            let id = LaneId { source_id, source_gen, partition };
            check_generation(tx, &id).await?;
            if start < 0 || partition < 0 {
                return Err(invalid("starts", format!("lane {id} at {start}")));
            }
            let there: Option<Lane> = tx.one(lane_filter(&id)).await?;
            match there {
                Some(lane) if lane.start_offset == start => lanes.push(lane),
                Some(_) => {
                    let (what, key) = ("lane".to_owned(), id.to_string());
                    return Err(Conflict::OtherContent { what, key }.into());
                }
                None => {
                    audit(tx, "open", &id.to_string(), "", format!("at {start}")).await?;
                    let lane = new_lane(id, start);
                    tx.add(std::slice::from_ref(&lane)).await?;
                    lanes.push(lane);
                    is_new = true;
                }
            }
        }
        Ok(if is_new { Outcome::Done(lanes) } else { Outcome::AlreadyDone(lanes) })
    }
}

#[async_trait]
impl Verb for Open {
    type Output = Vec<Lane>;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Vec<Lane>>> {
        outcome(self.guarded(tx).await)
    }
}

/// The lanes of one generation of a source, by partition.
pub(crate) fn generation(source_id: &str, source_gen: i64) -> Filter {
    Filter::all().eq_text("source_id", source_id).eq("source_gen", source_gen).up("partition")
}
