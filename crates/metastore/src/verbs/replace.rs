use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use timeline::{Interval, condense};

use crate::records::{Datasource, Job, JobClaim, JobKind, MetricSums, RemovedWhy, Segment, SnapshotKind};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::append::repeated;
use crate::verbs::guards::{Guarded, audit, check_job, find_datasource, finish_job, invalid, next_snapshot, outcome};
use crate::verbs::new_segment::{Versions, created_by, insert, weights};
use crate::verbs::retire::remove;
use crate::verbs::{NewSegment, Published};
use crate::{Conflict, Outcome, Result};

/// Exchange segments in one step. Key: job id and digest. Totals are conserved or the job says that it
/// changes them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Replace {
    pub job: JobClaim,
    pub digest: String,
    pub datasource_id: String,
    pub inputs: ReplaceInputs,
    pub segments: Vec<NewSegment>,
    /// The job declares that totals may change (an overwrite always may).
    pub lossy: bool,
}

/// What goes away.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ReplaceInputs {
    /// These segments, all live.
    Segments(Vec<String>),
    /// All that was live at a snapshot inside the intervals; what was appended since stays.
    Overwrite {
        start_snapshot: i64,
        intervals: Vec<Interval>,
        /// Segments that reach beyond the intervals, whose rest this job wrote anew.
        rewritten: Vec<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replaced {
    pub published: Published,
    /// Ids of the segments that went away.
    pub removed: Vec<String>,
}

fn live(segment: Segment) -> Guarded<Segment> {
    if segment.is_live() {
        return Ok(segment);
    }
    Err(Conflict::NotLive { seg_id: segment.seg_id }.into())
}

impl ReplaceInputs {
    async fn find(&self, tx: &mut Tx, datasource: &Datasource) -> Guarded<Vec<Segment>> {
        match self {
            ReplaceInputs::Segments(ids) => named(tx, datasource, ids).await,
            ReplaceInputs::Overwrite { start_snapshot, intervals, rewritten } => {
                overwritten(tx, datasource, *start_snapshot, intervals, rewritten).await
            }
        }
    }
}

async fn named(tx: &mut Tx, datasource: &Datasource, ids: &[String]) -> Guarded<Vec<Segment>> {
    let mut found = Vec::with_capacity(ids.len());
    for (at, seg_id) in ids.iter().enumerate() {
        if ids[..at].contains(seg_id) {
            return Err(invalid("inputs", format!("segment [{seg_id}] is named twice")));
        }
        let filter = Filter::all().eq_text("seg_id", seg_id).eq_text("datasource_id", &datasource.datasource_id);
        let segment: Option<Segment> = tx.one(filter).await?;
        let segment = segment.ok_or_else(|| Conflict::NotLive { seg_id: seg_id.clone() })?;
        found.push(live(segment)?);
    }
    Ok(found)
}

async fn overwritten(
    tx: &mut Tx,
    datasource: &Datasource,
    start_snapshot: i64,
    intervals: &[Interval],
    rewritten: &[String],
) -> Guarded<Vec<Segment>> {
    let mut old: Vec<Segment> = Vec::new();
    for &interval in intervals {
        let Interval { start, end } = interval;
        if start >= end {
            return Err(invalid("intervals", format!("{interval} holds no instant")));
        }
        let filter = Filter::all()
            .eq_text("datasource_id", &datasource.datasource_id)
            .le("added_at", start_snapshot)
            .lt("start", end)
            .gt("end", start)
            .up("seg_id");
        let overlapping: Vec<Segment> = tx.find(filter).await?;
        let is_new = |segment: &Segment| old.iter().all(|known| known.seg_id != segment.seg_id);
        let new: Vec<Segment> = overlapping.into_iter().filter(|s| s.is_live_at(start_snapshot) && is_new(s)).collect();
        old.extend(new);
    }
    let found = standing_for(tx, old).await?;
    let whole = condense(intervals.to_vec());
    for segment in &found {
        let inside = whole.iter().any(|within| within.start <= segment.start && segment.end <= within.end);
        if !inside && !rewritten.contains(&segment.seg_id) {
            return Err(Conflict::PartlyCovered { seg_id: segment.seg_id.clone() }.into());
        }
    }
    let unknown = rewritten.iter().find(|id| !found.iter().any(|segment| segment.seg_id == **id));
    match unknown {
        Some(seg_id) => Err(Conflict::NotLive { seg_id: seg_id.clone() }.into()),
        None => Ok(found),
    }
}

/// The live segments that hold the rows of these, and no others: what compactions of nothing but these made
/// stands for them. Those taken out of use stand for nothing.
async fn standing_for(tx: &mut Tx, mut old: Vec<Segment>) -> Guarded<Vec<Segment>> {
    let mut merged: Vec<String> = Vec::new();
    loop {
        let gone = |segment: &&Segment| segment.removed_why == Some(RemovedWhy::Replaced);
        let by = |segment: &Segment| segment.removed_by.clone().filter(|job_id| !merged.contains(job_id));
        let mut jobs: Vec<String> = old.iter().filter(gone).filter_map(by).collect();
        jobs.sort();
        jobs.dedup();
        let Some(first) = jobs.first() else { break };
        let mut next = None;
        for job_id in &jobs {
            let job: Option<Job> = tx.one(Filter::all().eq_text("job_id", job_id)).await?;
            let inputs: Vec<Segment> = tx.find(Filter::all().eq_text("removed_by", job_id)).await?;
            let is_old = |input: &Segment| old.iter().any(|known| known.seg_id == input.seg_id);
            if job.is_some_and(|job| job.kind == JobKind::Compact) && inputs.iter().all(is_old) {
                next = Some(job_id.clone());
                break;
            }
        }
        let Some(job_id) = next else {
            let lost = old.iter().find(|segment| segment.removed_by.as_ref() == Some(first));
            return Err(Conflict::NotLive { seg_id: lost.map(|lost| lost.seg_id.clone()).unwrap_or_default() }.into());
        };
        old.extend(created_by(tx, &format!("job:{job_id}")).await?);
        merged.push(job_id);
    }
    Ok(old.into_iter().filter(Segment::is_live).collect())
}

/// Refuses when weights or totals of the outputs are not those of the inputs.
fn check_totals(inputs: &[Segment], outputs: &[NewSegment]) -> Guarded<()> {
    let (mut before, mut after) = (MetricSums::default(), MetricSums::default());
    inputs.iter().for_each(|segment| before.add(&segment.metric_sums));
    outputs.iter().for_each(|segment| after.add(&segment.metric_sums));
    let weight: i64 = inputs.iter().map(|segment| segment.weight_sum).sum();
    let weight_after = weights(outputs)?;
    if weight != weight_after {
        let (before, after) = (weight.to_string(), weight_after.to_string());
        return Err(Conflict::Totals { metric: "__weight".to_owned(), before, after }.into());
    }
    match before.first_change(&after, weight) {
        None => Ok(()),
        Some((metric, before, after)) => {
            let (before, after) = (before.show(), after.show());
            Err(Conflict::Totals { metric, before, after }.into())
        }
    }
}

impl Replace {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Replaced>> {
        let mut job = check_job(tx, &self.job).await?;
        let origin = format!("job:{}", job.job_id);
        if let Some(snapshot) = repeated(&job, &self.digest)? {
            let segments = created_by(tx, &origin).await?;
            let removed: Vec<Segment> = tx.find(Filter::all().eq_text("removed_by", &job.job_id).up("seg_id")).await?;
            let published = Published { datasource_id: job.datasource_id, snapshot, segments };
            let removed = removed.into_iter().map(|segment| segment.seg_id).collect();
            return Ok(Outcome::AlreadyDone(Replaced { published, removed }));
        }
        if job.datasource_id != self.datasource_id {
            return Err(invalid("datasource_id", "the job is of another datasource"));
        }
        let mut datasource = find_datasource(tx, &self.datasource_id).await?;
        let inputs = self.inputs.find(tx, &datasource).await?;
        if !self.lossy {
            check_totals(&inputs, &self.segments)?;
        }
        let snapshot = next_snapshot(tx, &mut datasource, SnapshotKind::Replace, &job.job_id).await?;
        job.weight_removed = inputs.iter().map(|segment| segment.weight_sum).sum();
        job.weight_added = weights(&self.segments)?;
        let mut removed = Vec::with_capacity(inputs.len());
        for input in inputs {
            removed.push(input.seg_id.clone());
            remove(tx, input, snapshot, RemovedWhy::Replaced, &job.job_id).await?;
        }
        removed.sort();
        let segments = insert(tx, &datasource, &self.segments, Versions::Renew, &origin, snapshot).await?;
        job.rows_out = segments.iter().map(|segment| segment.rows).sum();
        let detail = format!("snapshot {snapshot}, {} for {} segments", segments.len(), removed.len());
        audit(tx, "replace", &job.job_id, &job.worker.clone(), detail).await?;
        finish_job(tx, job, &self.digest, snapshot).await?;
        let published = Published { datasource_id: datasource.datasource_id, snapshot, segments };
        Ok(Outcome::Done(Replaced { published, removed }))
    }
}

#[async_trait]
impl Verb for Replace {
    type Output = Replaced;
    const BEFORE_COMMIT: Option<&'static str> = Some("B2");
    const AFTER_COMMIT: Option<&'static str> = Some("B3");

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Replaced>> {
        outcome(self.guarded(tx).await)
    }
}
