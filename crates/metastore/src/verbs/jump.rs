//! What skipping ahead and accepting a shorter log have in common: a lane moves, and the books say so.

use crate::Conflict;
use crate::records::{Gap, Lane, LaneId, Ledger};
use crate::table::Tx;
use crate::verbs::guards::Guarded;

/// A range of a lane that nobody reads, by somebody's decision. It may run backwards.
pub(super) struct Jump<'a> {
    pub lane: &'a LaneId,
    pub from_offset: i64,
    pub to_offset: i64,
    pub why: &'a str,
    pub by: &'a str,
}

impl Jump<'_> {
    /// The lane must stand where the range begins.
    pub fn check_stands(&self, lane: &Lane) -> Guarded<()> {
        if lane.next_offset != self.from_offset {
            let (committed, asked) = (lane.next_offset, self.from_offset);
            return Err(Conflict::Offset { lane: self.lane.clone(), committed, asked }.into());
        }
        Ok(())
    }

    /// Moves the lane; `verb` is what the ledger calls it.
    pub async fn book(&self, tx: &mut Tx, verb: &str, lane: &mut Lane) -> Guarded<()> {
        lane.next_offset = self.to_offset;
        // The record before the new offset was never read, so nothing is known of it.
        lane.tail_fp = None;
        lane.leader_epoch = None;
        tx.save(lane).await?;
        tx.add(&[self.gap(tx.now)]).await?;
        let range = (self.from_offset, self.to_offset);
        tx.add(&[Ledger::skipped(self.lane, range, format!("{verb}:{}", self.by), tx.now)]).await?;
        Ok(())
    }

    fn gap(&self, at: i64) -> Gap {
        Gap {
            source_id: self.lane.source_id.clone(),
            source_gen: self.lane.source_gen,
            partition: self.lane.partition,
            from_offset: self.from_offset,
            to_offset: self.to_offset,
            why: self.why.to_owned(),
            by: self.by.to_owned(),
            at,
        }
    }
}
