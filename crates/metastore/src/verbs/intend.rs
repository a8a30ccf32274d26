use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Bundle, BundleKind, BundleState, JobClaim, JobState, LaneClaim};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, check_generation, check_job, check_lane, find_datasource, invalid, outcome};
use crate::{Conflict, Outcome, Result};

/// Announce objects before they are uploaded. Key: the object's id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Intend {
    pub claim: Claim,
    pub datasource_id: String,
    pub bundles: Vec<NewBundle>,
    /// Cut id or job id that will pay for them.
    pub created_by: String,
}

/// The right to write objects: that of the lanes of a cut, or of a job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Claim {
    Lanes(Vec<LaneClaim>),
    Job(JobClaim),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewBundle {
    pub bundle_id: String,
    pub kind: BundleKind,
    pub path: String,
}

impl Claim {
    async fn check(&self, tx: &mut Tx, datasource_id: &str) -> Guarded<()> {
        match self {
            Claim::Lanes(lanes) => {
                if lanes.is_empty() {
                    return Err(invalid("claim", "names no lane"));
                }
                for claim in lanes {
                    let source = check_generation(tx, &claim.lane).await?;
                    check_lane(tx, claim).await?;
                    if source.datasource_id != datasource_id {
                        return Err(invalid("claim", format!("lane {} feeds another datasource", claim.lane)));
                    }
                }
                Ok(())
            }
            Claim::Job(claim) => {
                let job = check_job(tx, claim).await?;
                if job.state != JobState::Open || job.datasource_id != datasource_id {
                    return Err(invalid("claim", "the job is done or of another datasource"));
                }
                Ok(())
            }
        }
    }
}

impl Intend {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<()>> {
        self.claim.check(tx, &self.datasource_id).await?;
        find_datasource(tx, &self.datasource_id).await?;
        let mut fresh = Vec::new();
        for new in &self.bundles {
            let there: Option<Bundle> = tx.one(Filter::all().eq_text("bundle_id", &new.bundle_id)).await?;
            let Some(there) = there else {
                fresh.push(self.bundle(new, tx.now));
                continue;
            };
            if there.path != new.path || there.kind != new.kind || there.created_by != self.created_by {
                let (what, key) = ("object".to_owned(), new.bundle_id.clone());
                return Err(Conflict::OtherContent { what, key }.into());
            }
            if there.state == BundleState::Doomed {
                let (bundle_id, state) = (new.bundle_id.clone(), Some(there.state));
                return Err(Conflict::Bundle { bundle_id, state }.into());
            }
        }
        if fresh.is_empty() {
            return Ok(Outcome::AlreadyDone(()));
        }
        tx.add(&fresh).await?;
        Ok(Outcome::Done(()))
    }

    fn bundle(&self, new: &NewBundle, now: i64) -> Bundle {
        Bundle {
            bundle_id: new.bundle_id.clone(),
            datasource_id: self.datasource_id.clone(),
            kind: new.kind,
            path: new.path.clone(),
            size: None,
            hash: None,
            state: BundleState::Intent,
            created_by: self.created_by.clone(),
            created_at: now,
        }
    }
}

#[async_trait]
impl Verb for Intend {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<()>> {
        outcome(self.guarded(tx).await)
    }
}
