use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Job, JobClaim, JobState, SnapshotKind};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, audit, check_job, find_datasource, finish_job, invalid, next_snapshot, outcome};
use crate::verbs::new_segment::{Versions, created_by, insert, weights};
use crate::verbs::{NewSegment, Published};
use crate::{Conflict, Outcome, Result};

/// Add the segments of a batch job. Key: job id and digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Append {
    pub job: JobClaim,
    pub digest: String,
    pub datasource_id: String,
    pub segments: Vec<NewSegment>,
}

/// What a job recorded before, if it is done; a conflict when its content was another.
pub(crate) fn repeated(job: &Job, digest: &str) -> Guarded<Option<i64>> {
    if job.state != JobState::Done {
        return Ok(None);
    }
    if job.digest.as_deref() == Some(digest) {
        return Ok(Some(job.snapshot.unwrap_or(0)));
    }
    let (what, key) = ("job".to_owned(), job.job_id.clone());
    Err(Conflict::OtherContent { what, key }.into())
}

impl Append {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Published>> {
        let mut job = check_job(tx, &self.job).await?;
        let origin = format!("job:{}", job.job_id);
        if let Some(snapshot) = repeated(&job, &self.digest)? {
            let segments = created_by(tx, &origin).await?;
            let datasource_id = job.datasource_id;
            return Ok(Outcome::AlreadyDone(Published { datasource_id, snapshot, segments }));
        }
        if job.datasource_id != self.datasource_id {
            return Err(invalid("datasource_id", "the job is of another datasource"));
        }
        let mut datasource = find_datasource(tx, &self.datasource_id).await?;
        let snapshot = next_snapshot(tx, &mut datasource, SnapshotKind::Append, &job.job_id).await?;
        let segments = insert(tx, &datasource, &self.segments, Versions::Keep, &origin, snapshot).await?;
        job.weight_added = weights(&self.segments)?;
        job.rows_out = segments.iter().map(|segment| segment.rows).sum();
        audit(tx, "append", &job.job_id, &job.worker.clone(), format!("snapshot {snapshot}")).await?;
        finish_job(tx, job, &self.digest, snapshot).await?;
        Ok(Outcome::Done(Published { datasource_id: datasource.datasource_id, snapshot, segments }))
    }
}

#[async_trait]
impl Verb for Append {
    type Output = Published;
    const BEFORE_COMMIT: Option<&'static str> = Some("B2");
    const AFTER_COMMIT: Option<&'static str> = Some("B3");

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Published>> {
        outcome(self.guarded(tx).await)
    }
}
