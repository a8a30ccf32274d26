use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{RemovedWhy, Segment, SnapshotKind};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Authority, Guarded, audit, find_datasource, next_snapshot, outcome};
use crate::{Conflict, Outcome, Result};

/// Take live segments away, for retention or on request. Key: segment and reason id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Retire {
    pub datasource_id: String,
    pub segments: Vec<String>,
    pub reason_id: String,
    pub by: Authority,
}

/// What `retire` or `undo` changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Removal {
    /// Present number of the datasource.
    pub snapshot: i64,
    /// Segments that this call changed.
    pub changed: Vec<String>,
}

pub(crate) async fn remove(tx: &mut Tx, mut segment: Segment, snapshot: i64, why: RemovedWhy, by: &str) -> Result<()> {
    segment.removed_at = Some(snapshot);
    segment.removed_time = Some(tx.now);
    segment.removed_why = Some(why);
    segment.removed_by = Some(by.to_owned());
    segment.undone_by = None;
    tx.save(&segment).await
}

pub(crate) async fn segment_of(tx: &mut Tx, datasource_id: &str, seg_id: &str) -> Guarded<Segment> {
    let filter = Filter::all().eq_text("seg_id", seg_id).eq_text("datasource_id", datasource_id);
    let segment: Option<Segment> = tx.one(filter).await?;
    segment.ok_or_else(|| {
        let (what, key) = ("segment".to_owned(), seg_id.to_owned());
        Conflict::Missing { what, key }.into()
    })
}

impl Retire {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Removal>> {
        let by = self.by.check(tx).await?;
        let mut datasource = find_datasource(tx, &self.datasource_id).await?;
        let mut live = Vec::new();
        for seg_id in &self.segments {
            let segment = segment_of(tx, &self.datasource_id, seg_id).await?;
            let again = segment.removed_by.as_ref() == Some(&self.reason_id);
            match (segment.is_live(), again) {
                (true, _) => live.push(segment),
                (false, true) => {}
                (false, false) => return Err(Conflict::NotLive { seg_id: seg_id.clone() }.into()),
            }
        }
        if live.is_empty() {
            let (snapshot, changed) = (datasource.snapshot, Vec::new());
            return Ok(Outcome::AlreadyDone(Removal { snapshot, changed }));
        }
        let snapshot = next_snapshot(tx, &mut datasource, SnapshotKind::Retire, &self.reason_id).await?;
        let mut changed = Vec::with_capacity(live.len());
        for segment in live {
            changed.push(segment.seg_id.clone());
            remove(tx, segment, snapshot, RemovedWhy::Retired, &self.reason_id).await?;
        }
        audit(tx, "retire", &self.reason_id, &by, changed.join(" ")).await?;
        Ok(Outcome::Done(Removal { snapshot, changed }))
    }
}

#[async_trait]
impl Verb for Retire {
    type Output = Removal;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Removal>> {
        outcome(self.guarded(tx).await)
    }
}
