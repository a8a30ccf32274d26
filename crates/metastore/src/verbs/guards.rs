//! Guards that several verbs share.

use serde::{Deserialize, Serialize};

use crate::records::{
    Audit, Bundle, BundleState, Datasource, Job, JobClaim, JobState, Lane, LaneClaim, LaneId, Leader, LeaderClaim,
    Snapshot, SnapshotKind, Source,
};
use crate::table::{Filter, Tx};
use crate::{Conflict, Error, Fence, Outcome, Result};

/// Why a guarded step stopped: a refusal, or a failure of the database.
pub(crate) enum Stop {
    Fenced(Fence),
    Conflict(Conflict),
    Error(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Error(error)
    }
}

impl From<Conflict> for Stop {
    fn from(conflict: Conflict) -> Self {
        Stop::Conflict(conflict)
    }
}

impl From<Fence> for Stop {
    fn from(fence: Fence) -> Self {
        Stop::Fenced(fence)
    }
}

pub(crate) type Guarded<T> = std::result::Result<T, Stop>;

/// A guarded step as the outcome of a verb.
pub(crate) fn outcome<T>(result: Guarded<Outcome<T>>) -> Result<Outcome<T>> {
    match result {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Fenced(fence)) => Ok(Outcome::Fenced(fence)),
        Err(Stop::Conflict(conflict)) => Ok(Outcome::Conflict(conflict)),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// On whose word an operation is done that no owner asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Authority {
    Leader(LeaderClaim),
    /// Name of the operator, for the audit.
    Operator(String),
    /// A stated policy of the source, carried out by the lane's owner.
    Owner(LaneClaim),
}

impl Authority {
    pub(crate) async fn check(&self, tx: &mut Tx) -> Guarded<String> {
        match self {
            Authority::Leader(claim) => {
                check_leader(tx, claim).await?;
                Ok(format!("leader of {}", claim.role))
            }
            Authority::Operator(name) => Ok(name.clone()),
            Authority::Owner(claim) => {
                let lane = check_lane(tx, claim).await?;
                Ok(format!("policy of {}", lane.owner.unwrap_or_default()))
            }
        }
    }
}

pub(crate) async fn check_leader(tx: &mut Tx, claim: &LeaderClaim) -> Guarded<Leader> {
    let leader: Option<Leader> = tx.one(Filter::all().eq_text("role", &claim.role)).await?;
    match leader {
        Some(leader) if leader.epoch == claim.epoch && leader.nonce == claim.nonce => Ok(leader),
        Some(Leader { role, holder, epoch, .. }) => Err(Fence::Leader { role, epoch, holder }.into()),
        None => {
            let (role, holder) = (claim.role.clone(), String::new());
            Err(Fence::Leader { role, epoch: 0, holder }.into())
        }
    }
}

pub(crate) fn lane_filter(lane: &LaneId) -> Filter {
    Filter::all()
        .eq_text("source_id", &lane.source_id)
        .eq("source_gen", lane.source_gen)
        .eq("partition", lane.partition)
}

pub(crate) async fn find_lane(tx: &mut Tx, id: &LaneId) -> Guarded<Lane> {
    let lane: Option<Lane> = tx.one(lane_filter(id)).await?;
    lane.ok_or_else(|| missing("lane", id))
}

pub(crate) fn missing(what: &str, key: impl std::fmt::Display) -> Stop {
    Conflict::Missing { what: what.to_owned(), key: key.to_string() }.into()
}

pub(crate) fn invalid(field: &str, detail: impl Into<String>) -> Stop {
    Conflict::Invalid { field: field.to_owned(), detail: detail.into() }.into()
}

/// The lane, if epoch and nonce are those of the claim.
pub(crate) async fn check_lane(tx: &mut Tx, claim: &LaneClaim) -> Guarded<Lane> {
    let lane = find_lane(tx, &claim.lane).await?;
    if lane.epoch == claim.epoch && lane.nonce == claim.nonce {
        return Ok(lane);
    }
    let (epoch, owner) = (lane.epoch, lane.owner.clone());
    Err(Fence::Lane { lane: claim.lane.clone(), epoch, owner }.into())
}

pub(crate) async fn find_source(tx: &mut Tx, source_id: &str) -> Guarded<Source> {
    let source: Option<Source> = tx.one(Filter::all().eq_text("source_id", source_id)).await?;
    source.ok_or_else(|| missing("source", source_id))
}

/// The source of a lane, if the lane is of its present generation.
pub(crate) async fn check_generation(tx: &mut Tx, lane: &LaneId) -> Guarded<Source> {
    let source = find_source(tx, &lane.source_id).await?;
    if source.source_gen == lane.source_gen {
        return Ok(source);
    }
    Err(Conflict::Rebased { lane: lane.clone(), source_gen: source.source_gen }.into())
}

/// The job, if the claim holds it.
pub(crate) async fn check_job(tx: &mut Tx, claim: &JobClaim) -> Guarded<Job> {
    let job: Option<Job> = tx.one(Filter::all().eq_text("job_id", &claim.job_id)).await?;
    let job = job.ok_or_else(|| missing("job", &claim.job_id))?;
    if job.epoch == claim.epoch && job.nonce == claim.nonce {
        return Ok(job);
    }
    Err(Fence::Job { job_id: job.job_id, epoch: job.epoch, worker: job.worker }.into())
}

/// Marks the job as done with this content.
pub(crate) async fn finish_job(tx: &mut Tx, mut job: Job, digest: &str, snapshot: i64) -> Guarded<()> {
    job.state = JobState::Done;
    job.digest = Some(digest.to_owned());
    job.snapshot = Some(snapshot);
    job.done_at = Some(tx.now);
    Ok(tx.save(&job).await?)
}

pub(crate) async fn find_datasource(tx: &mut Tx, datasource_id: &str) -> Guarded<Datasource> {
    let found: Option<Datasource> = tx.one(Filter::all().eq_text("datasource_id", datasource_id)).await?;
    found.ok_or_else(|| missing("datasource", datasource_id))
}

/// Makes the next snapshot of a datasource.
pub(crate) async fn next_snapshot(
    tx: &mut Tx,
    datasource: &mut Datasource,
    kind: SnapshotKind,
    by: &str,
) -> Guarded<i64> {
    datasource.snapshot += 1;
    tx.save(datasource).await?;
    let snapshot = Snapshot {
        datasource_id: datasource.datasource_id.clone(),
        number: datasource.snapshot,
        kind,
        by: by.to_owned(),
        at: tx.now,
    };
    tx.add(&[snapshot]).await?;
    Ok(datasource.snapshot)
}

/// An announced object, still `intent`, of this datasource.
pub(crate) async fn check_intent(tx: &mut Tx, bundle_id: &str, datasource_id: &str) -> Guarded<Bundle> {
    let bundle: Option<Bundle> = tx.one(Filter::all().eq_text("bundle_id", bundle_id)).await?;
    match bundle {
        Some(bundle) if bundle.state == BundleState::Intent && bundle.datasource_id == datasource_id => Ok(bundle),
        other => {
            let state = other.map(|bundle| bundle.state);
            Err(Conflict::Bundle { bundle_id: bundle_id.to_owned(), state }.into())
        }
    }
}

pub(crate) async fn audit(tx: &mut Tx, verb: &str, subject: &str, by: &str, detail: String) -> Guarded<()> {
    let last: Option<Audit> = tx.one(Filter::all().down("number")).await?;
    let number = last.map_or(1, |last| last.number + 1);
    let (verb, subject, by) = (verb.to_owned(), subject.to_owned(), by.to_owned());
    tx.add(&[Audit { number, at: tx.now, verb, subject, by, detail }]).await?;
    Ok(())
}
