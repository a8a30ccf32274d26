use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Job, JobKind, JobState};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, find_datasource, outcome};
use crate::{Conflict, Outcome, Result};

/// Lease a job, making it when it is new, or extend the lease. Key: the job. Another worker gets it
/// when the lease has run out, under a new epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TakeJob {
    pub job_id: String,
    pub kind: JobKind,
    pub datasource_id: String,
    pub worker: String,
    pub ttl_ms: i64,
}

impl Job {
    pub fn claim(&self) -> crate::JobClaim {
        crate::JobClaim { job_id: self.job_id.clone(), epoch: self.epoch, nonce: self.nonce }
    }
}

impl TakeJob {
    async fn guarded(&self, tx: &mut Tx, context: &Context) -> Guarded<Outcome<Job>> {
        find_datasource(tx, &self.datasource_id).await?;
        let lease_until = tx.now.saturating_add(self.ttl_ms);
        let there: Option<Job> = tx.one(Filter::all().eq_text("job_id", &self.job_id)).await?;
        let Some(mut job) = there else {
            let job = self.new_job(context.nonce(), lease_until, tx.now);
            tx.add(std::slice::from_ref(&job)).await?;
            audit(tx, "take_job", &self.job_id, &self.worker, job.kind.as_str().to_owned()).await?;
            return Ok(Outcome::Done(job));
        };
        if job.kind != self.kind || job.datasource_id != self.datasource_id {
            let (what, key) = ("job".to_owned(), self.job_id.clone());
            return Err(Conflict::OtherContent { what, key }.into());
        }
        if job.state == JobState::Done {
            return Ok(Outcome::AlreadyDone(job));
        }
        if job.worker != self.worker {
            if job.lease_until > tx.now {
                let (role, holder) = (format!("job {}", job.job_id), job.worker);
                return Err(Conflict::Held { role, holder, lease_until: job.lease_until }.into());
            }
            job.worker.clone_from(&self.worker);
            job.epoch += 1;
            job.nonce = context.nonce();
        }
        job.lease_until = lease_until;
        tx.save(&job).await?;
        Ok(Outcome::Done(job))
    }

    fn new_job(&self, nonce: i64, lease_until: i64, now: i64) -> Job {
        Job {
            job_id: self.job_id.clone(),
            kind: self.kind,
            datasource_id: self.datasource_id.clone(),
            worker: self.worker.clone(),
            epoch: 1,
            nonce,
            lease_until,
            state: JobState::Open,
            digest: None,
            snapshot: None,
            weight_added: 0,
            weight_removed: 0,
            rows_out: 0,
            created_at: now,
            done_at: None,
        }
    }
}

#[async_trait]
impl Verb for TakeJob {
    type Output = Job;

    async fn run(&self, tx: &mut Tx, context: &Context) -> Result<Outcome<Job>> {
        outcome(self.guarded(tx, context).await)
    }
}
