//! The facts of a batch task: its lease, its objects, and the one transaction that makes them live.

use metastore::{Append, Conflict, Job, JobKind, NameDatasource, NewSegment, Published, Replace, ReplaceInputs};
use timeline::Interval;

use super::build::Built;
use super::job::{Hold, call, call_on_live, digest, hand_off, show_locks};
use super::rewrite::rewrite;
use super::{BatchSpec, Scratch, build};
use crate::publish::Sealed;
use crate::tasks::run::TaskRun;
use crate::{Error, Result};

/// Times that a task reads its input, when what it overwrites is changed by others meanwhile.
const READINGS: usize = 3;

/// Builds the segments of a task and makes them live, or leaves nothing behind. Answers how many there are.
pub(crate) fn commit(spec: &BatchSpec, run: &TaskRun) -> Result<usize> {
    for _ in 1..READINGS {
        match try_commit(spec, run)? {
            Ok(number) => return Ok(number),
            Err(conflict) => run.start_anew(&format!("{conflict}, the input is read again")),
        }
    }
    try_commit(spec, run)?.map_err(|conflict| Error::Conflict(conflict.to_string()))
}

fn try_commit(spec: &BatchSpec, run: &TaskRun) -> Result<Result<usize, Conflict>> {
    let name = NameDatasource { datasource: spec.schema.data_source.clone() };
    let named = || call(run, || run.wait(run.context().metastore.name_datasource(&name)));
    let hold = Hold::take(run, JobKind::Batch, &named()?.datasource_id)?;
    let start_snapshot = named()?.snapshot;
    show_locks(run, &spec.schema.data_source, &spec.schema.granularity.intervals);
    let scratch = Scratch::new(run.context().disk.clone(), run.id())?;
    let built = build(spec, run, &scratch, &hold)?;
    hold.keep()?;
    let intervals: Vec<Interval> = built.chunks.keys().map(|&(start, end)| Interval { start, end }).collect();
    show_locks(run, &spec.schema.data_source, &intervals);
    let published = match spec.append {
        true => Ok(append(run, &spec.schema.data_source, &hold.job, built)?),
        false => replace(spec, run, (&hold, start_snapshot), (built, &scratch))?,
    };
    Ok(published.map(|published| published.map_or(0, |published| published.segments.len())))
}

fn append(run: &TaskRun, datasource: &str, job: &Job, built: Built) -> Result<Option<Published>> {
    let segments: Vec<NewSegment> = built.chunks.into_values().flatten().map(|stored| stored.record).collect();
    if segments.is_empty() {
        return Ok(None);
    }
    let datasource_id = job.datasource_id.clone();
    let request = Append { job: job.claim(), digest: digest(&segments), datasource_id, segments };
    let published = call(run, || run.wait(run.context().metastore.append(&request)))?;
    hand_off(run, datasource, &published, &[]);
    Ok(Some(published))
}

/// What an overwrite takes the place of: the time chunks that it wrote, as far as its intervals reach, and
/// with `dropExisting` all of its intervals.
fn overwritten(spec: &BatchSpec, built: &Built) -> Vec<Interval> {
    let wanted = &spec.schema.granularity.intervals;
    if spec.drop_existing {
        return wanted.clone();
    }
    let chunks = built.chunks.keys().map(|&(start, end)| Interval { start, end });
    match wanted.is_empty() {
        true => chunks.collect(),
        false => chunks.flat_map(|chunk| wanted.iter().filter_map(move |interval| both(chunk, *interval))).collect(),
    }
}

fn both(a: Interval, b: Interval) -> Option<Interval> {
    let both = Interval { start: a.start.max(b.start), end: a.end.min(b.end) };
    (both.start < both.end).then_some(both)
}

fn replace(
    spec: &BatchSpec,
    run: &TaskRun,
    (hold, start_snapshot): (&Hold<'_>, i64),
    (built, scratch): (Built, &Scratch),
) -> Result<Result<Option<Published>, Conflict>> {
    let intervals = overwritten(spec, &built);
    if intervals.is_empty() {
        return Ok(Ok(None));
    }
    let job = &hold.job;
    let mut store = |sealed: &Sealed| hold.store(sealed);
    let rewritten = rewrite(run, (&job.datasource_id, start_snapshot), &intervals, scratch, &mut store)?;
    let mut segments: Vec<NewSegment> = built.chunks.into_values().flatten().map(|stored| stored.record).collect();
    segments.extend(rewritten.outputs);
    let request = Replace {
        job: job.claim(),
        digest: digest(&segments),
        datasource_id: job.datasource_id.clone(),
        inputs: ReplaceInputs::Overwrite { start_snapshot, intervals, rewritten: rewritten.inputs },
        segments,
        lossy: true,
    };
    let replaced = call_on_live(run, || run.wait(run.context().metastore.replace(&request)))?;
    Ok(replaced.map(|replaced| {
        run.log(&format!("{} segments went away", replaced.removed.len()));
        hand_off(run, &spec.schema.data_source, &replaced.published, &replaced.removed);
        Some(replaced.published)
    }))
}
