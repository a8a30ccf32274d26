//! The facts of a batch task: its lease, its objects, and the one transaction that makes them live.

use std::time::Duration;

use metastore::{
    Append, BundleKind, Claim, Intend, Job, JobKind, NameDatasource, NewBundle, NewSegment, Outcome, Published,
    Replace, ReplaceInputs, SetLocks, TakeJob, TaskLock,
};
use storage::layout;
use timeline::{Interval, instant};

use super::build::Built;
use super::rewrite::rewrite;
use super::{BatchSpec, Scratch, build};
use crate::publish::{Sealed, new_id};
use crate::tasks::run::TaskRun;
use crate::{Error, Result};

/// How long a job is held without being renewed.
const LEASE_MS: i64 = 120_000;
/// Priority of batch tasks, as clients know it.
const PRIORITY: i32 = 50;
/// Times that a call of unknown fate is made again.
const ATTEMPTS: u32 = 20;

/// Builds the segments of a task and makes them live, or leaves nothing behind. Answers how many there are.
pub(crate) fn commit(spec: &BatchSpec, run: &TaskRun) -> Result<usize> {
    let name = NameDatasource { datasource: spec.schema.data_source.clone() };
    let datasource = call(run, || run.wait(run.context().metastore.name_datasource(&name)))?;
    let taken = take(run, &datasource.datasource_id)?;
    show_locks(run, &spec.schema.data_source, &spec.schema.granularity.intervals);
    let mut store = |sealed: &Sealed| store(sealed, run, &datasource.datasource_id, &taken);
    let scratch = Scratch::new(run.context().disk.clone(), run.id())?;
    let built = build(spec, run, &scratch, &mut store)?;
    run.check()?;
    take(run, &datasource.datasource_id)?;
    let intervals: Vec<Interval> = built.chunks.keys().map(|&(start, end)| Interval { start, end }).collect();
    show_locks(run, &spec.schema.data_source, &intervals);
    let published = match spec.append {
        true => append(run, &taken, &datasource.datasource_id, built)?,
        false => replace(spec, run, &taken, (&datasource.datasource_id, datasource.snapshot), (built, &scratch))?,
    };
    Ok(published.map_or(0, |published| published.segments.len()))
}

/// Lets clients see what the task works on. Nothing is decided by it, so a failure is no failure of the task.
fn show_locks(run: &TaskRun, datasource: &str, intervals: &[Interval]) {
    let lock = |interval: &Interval| TaskLock {
        task_id: run.id().to_owned(),
        datasource: datasource.to_owned(),
        start: interval.start,
        end: interval.end,
        lock_type: "EXCLUSIVE".to_owned(),
        priority: PRIORITY,
        version: instant::text(run.context().clock.now_ms()),
    };
    if !intervals.is_empty() {
        let request = SetLocks { task_id: run.id().to_owned(), locks: intervals.iter().map(lock).collect() };
        if !run.wait(run.context().metastore.set_locks(&request)).is_done() {
            run.log("the intervals of the task could not be shown");
        }
    }
}

/// Takes or extends the lease of the task's job.
fn take(run: &TaskRun, datasource_id: &str) -> Result<Job> {
    let request = TakeJob {
        job_id: run.id().to_owned(),
        kind: JobKind::Batch,
        datasource_id: datasource_id.to_owned(),
        worker: run.worker(),
        ttl_ms: LEASE_MS,
    };
    call(run, || run.wait(run.context().metastore.take_job(&request)))
}

/// Announces an object, then stores it.
fn store(sealed: &Sealed, run: &TaskRun, datasource_id: &str, job: &Job) -> Result<NewSegment> {
    run.check()?;
    take(run, datasource_id)?;
    let context = run.context();
    let bundle_id = new_id(&*context.clock, &*context.random);
    let path = layout::segment(datasource_id, &bundle_id).map_err(internal)?;
    let bundle = NewBundle { bundle_id: bundle_id.clone(), kind: BundleKind::Segment, path: path.clone() };
    let request = Intend {
        claim: Claim::Job(job.claim()),
        datasource_id: datasource_id.to_owned(),
        bundles: vec![bundle],
        created_by: run.id().to_owned(),
    };
    call(run, || run.wait(context.metastore.intend(&request)))?;
    let stored = run.wait(context.storage.put(&path, sealed.bytes.clone())).map_err(internal)?;
    let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
    run.log(&format!("stored {} rows of {} in {path}, {size} bytes", sealed.rows, sealed.interval));
    Ok(sealed.record(&bundle_id, size, &stored.hash))
}

fn append(run: &TaskRun, job: &Job, datasource_id: &str, built: Built) -> Result<Option<Published>> {
    let segments: Vec<NewSegment> = built.chunks.into_values().flatten().map(|stored| stored.record).collect();
    if segments.is_empty() {
        return Ok(None);
    }
    let request =
        Append { job: job.claim(), digest: digest(&segments), datasource_id: datasource_id.to_owned(), segments };
    call(run, || run.wait(run.context().metastore.append(&request))).map(Some)
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
    job: &Job,
    (datasource_id, start_snapshot): (&str, i64),
    (built, scratch): (Built, &Scratch),
) -> Result<Option<Published>> {
    let intervals = overwritten(spec, &built);
    if intervals.is_empty() {
        return Ok(None);
    }
    let mut store = |sealed: &Sealed| store(sealed, run, datasource_id, job);
    let rewritten = rewrite(run, (datasource_id, start_snapshot), &intervals, scratch, &mut store)?;
    let mut segments: Vec<NewSegment> = built.chunks.into_values().flatten().map(|stored| stored.record).collect();
    segments.extend(rewritten.outputs);
    let request = Replace {
        job: job.claim(),
        digest: digest(&segments),
        datasource_id: datasource_id.to_owned(),
        inputs: ReplaceInputs::Overwrite { start_snapshot, intervals, rewritten: rewritten.inputs },
        segments,
        lossy: true,
    };
    let replaced = call(run, || run.wait(run.context().metastore.replace(&request)))?;
    run.log(&format!("{} segments went away", replaced.removed.len()));
    Ok(Some(replaced.published))
}

/// What a job recorded, without the names of its objects.
fn digest(segments: &[NewSegment]) -> String {
    let told = |segment: &NewSegment| {
        format!("{} {} {} {:?}", segment.interval, segment.rows, segment.weight_sum, segment.shard_spec)
    };
    storage::sha256_hex(segments.iter().map(told).collect::<Vec<_>>().join("\n").as_bytes())
}

/// Makes a call until its fate is known.
fn call<T>(run: &TaskRun, mut ask: impl FnMut() -> Outcome<T>) -> Result<T> {
    let mut last = String::new();
    for attempt in 0..ATTEMPTS {
        match ask() {
            Outcome::Done(value) | Outcome::AlreadyDone(value) => return Ok(value),
            Outcome::Fenced(fence) => return Err(Error::Conflict(fence.to_string())),
            Outcome::Conflict(conflict) => return Err(Error::Conflict(conflict.to_string())),
            Outcome::Unavailable(error) => last = error.to_string(),
        }
        run.check()?;
        run.pause(Duration::from_millis(50 << attempt.min(6)));
    }
    Err(Error::Unavailable(format!("the metastore does not answer: {last}")))
}

fn internal(error: storage::Error) -> Error {
    Error::Unavailable(error.to_string())
}
