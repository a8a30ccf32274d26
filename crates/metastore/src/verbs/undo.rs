use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Bundle, BundleState, RemovedWhy, SnapshotKind};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::Removal;
use crate::verbs::guards::{Authority, Guarded, audit, find_datasource, next_snapshot, outcome};
use crate::verbs::retire::segment_of;
use crate::{Conflict, Outcome, Result};

/// Bring retired segments back. What was replaced does not come back: its rows live on in the outputs.
/// Key: segment and reason id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    pub datasource_id: String,
    pub segments: Vec<String>,
    pub reason_id: String,
    pub by: Authority,
}

impl Undo {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Removal>> {
        let by = self.by.check(tx).await?;
        let mut datasource = find_datasource(tx, &self.datasource_id).await?;
        let mut retired = Vec::new();
        for seg_id in &self.segments {
            let segment = segment_of(tx, &self.datasource_id, seg_id).await?;
            if segment.is_live() {
                if segment.undone_by.as_ref() == Some(&self.reason_id) {
                    continue;
                }
                let (what, key) = ("live segment".to_owned(), seg_id.clone());
                return Err(Conflict::Exists { what, key }.into());
            }
            if segment.removed_why != Some(RemovedWhy::Retired) {
                return Err(Conflict::NotLive { seg_id: seg_id.clone() }.into());
            }
            let bundle: Option<Bundle> = tx.one(Filter::all().eq_text("bundle_id", seg_id)).await?;
            let state = bundle.map(|bundle| bundle.state);
            if state != Some(BundleState::Live) {
                return Err(Conflict::Bundle { bundle_id: seg_id.clone(), state }.into());
            }
            retired.push(segment);
        }
        if retired.is_empty() {
            let (snapshot, changed) = (datasource.snapshot, Vec::new());
            return Ok(Outcome::AlreadyDone(Removal { snapshot, changed }));
        }
        let snapshot = next_snapshot(tx, &mut datasource, SnapshotKind::Undo, &self.reason_id).await?;
        let mut changed = Vec::with_capacity(retired.len());
        for mut segment in retired {
            changed.push(segment.seg_id.clone());
            segment.restored_at = Some(snapshot);
            segment.removed_at = None;
            segment.removed_time = None;
            segment.removed_why = None;
            segment.removed_by = None;
            segment.undone_by = Some(self.reason_id.clone());
            tx.save(&segment).await?;
        }
        audit(tx, "undo", &self.reason_id, &by, changed.join(" ")).await?;
        Ok(Outcome::Done(Removal { snapshot, changed }))
    }
}

#[async_trait]
impl Verb for Undo {
    type Output = Removal;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Removal>> {
        outcome(self.guarded(tx).await)
    }
}
