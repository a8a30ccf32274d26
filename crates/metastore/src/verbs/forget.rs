use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Bundle, BundleState, RemovedWhy, Segment};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, find_datasource, outcome};
use crate::{Conflict, Outcome, Result};

/// Delete the rows of a doomed object that the caller found absent. Key: the object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Forget {
    pub bundle_id: String,
}

impl Forget {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<()>> {
        let of_this = || Filter::all().eq_text("bundle_id", &self.bundle_id);
        let bundle: Option<Bundle> = tx.one(of_this()).await?;
        let Some(bundle) = bundle else { return Ok(Outcome::AlreadyDone(())) };
        if bundle.state != BundleState::Doomed {
            let (bundle_id, state) = (bundle.bundle_id, Some(bundle.state));
            return Err(Conflict::Bundle { bundle_id, state }.into());
        }
        let segment: Option<Segment> = tx.one(Filter::all().eq_text("seg_id", &self.bundle_id)).await?;
        if let Some(retired) = segment.filter(|segment| segment.removed_why == Some(RemovedWhy::Retired)) {
            let mut datasource = find_datasource(tx, &retired.datasource_id).await?;
            datasource.weight_forgotten += retired.weight_sum;
            tx.save(&datasource).await?;
        }
        tx.remove::<Segment>(Filter::all().eq_text("seg_id", &self.bundle_id)).await?;
        tx.remove::<Bundle>(of_this()).await?;
        audit(tx, "forget", &self.bundle_id, "", bundle.path).await?;
        Ok(Outcome::Done(()))
    }
}

#[async_trait]
impl Verb for Forget {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<()>> {
        outcome(self.guarded(tx).await)
    }
}
