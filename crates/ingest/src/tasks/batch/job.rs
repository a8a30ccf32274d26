//! The lease of a task, its objects, and calls whose fate must be known.

use std::cell::Cell;
use std::time::Duration;

use metastore::{
    BundleKind, Claim, Conflict, Intend, Job, JobKind, NewBundle, NewSegment, Outcome, Published, SetLocks, TakeJob,
    TaskLock,
};
use storage::layout;
use timeline::{Interval, instant};

use crate::publish::{Images, Sealed, new_id};
use crate::tasks::run::TaskRun;
use crate::{Error, Publication, Result};

/// How long a job is held without being renewed.
const LEASE_MS: i64 = 120_000;
/// Priority of batch tasks, as clients know it.
const PRIORITY: i32 = 50;
/// Times that a call of unknown fate is made again.
const ATTEMPTS: u32 = 20;

/// Lets clients see what the task works on. Nothing is decided by it, so a failure is no failure of the task.
pub(crate) fn show_locks(run: &TaskRun, datasource: &str, intervals: &[Interval]) {
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

/// The job of a task, leased to it.
pub(crate) struct Hold<'a> {
    run: &'a TaskRun,
    pub(crate) job: Job,
    renewed_ms: Cell<i64>,
    images: Images,
}

impl<'a> Hold<'a> {
    pub(crate) fn take(run: &'a TaskRun, kind: JobKind, datasource_id: &str) -> Result<Hold<'a>> {
        let renewed_ms = Cell::new(run.context().clock.now_ms());
        let images = Images::new(run.context().images.clone());
        Ok(Hold { run, job: take(run, kind, datasource_id)?, renewed_ms, images })
    }

    /// Extends the lease when a good part of it is over. Fails when the task was asked to stop.
    pub(crate) fn keep(&self) -> Result<()> {
        self.run.check()?;
        let now_ms = self.run.context().clock.now_ms();
        if now_ms.saturating_sub(self.renewed_ms.get()) > LEASE_MS / 4 {
            take(self.run, self.job.kind, &self.job.datasource_id)?;
            self.renewed_ms.set(now_ms);
        }
        Ok(())
    }

    /// Announces an object, then stores it.
    pub(crate) fn store(&self, sealed: &Sealed) -> Result<NewSegment> {
        self.keep()?;
        let (run, context) = (self.run, self.run.context());
        let bundle_id = new_id(&*context.clock, &*context.random);
        let path = layout::segment(&self.job.datasource_id, &bundle_id).map_err(internal)?;
        let bundle = NewBundle { bundle_id: bundle_id.clone(), kind: BundleKind::Segment, path: path.clone() };
        let request = Intend {
            claim: Claim::Job(self.job.claim()),
            datasource_id: self.job.datasource_id.clone(),
            bundles: vec![bundle],
            created_by: run.id().to_owned(),
        };
        call(run, || run.wait(context.metastore.intend(&request)))?;
        let stored = run.wait(context.storage.put(&path, sealed.bytes.clone())).map_err(internal)?;
        if let Some(table) = &sealed.table {
            self.images.keep(&bundle_id, table);
        }
        let size = i64::try_from(stored.size).unwrap_or(i64::MAX);
        run.log(&format!("stored {} rows of {} in {path}, {size} bytes", sealed.rows, sealed.interval));
        Ok(sealed.record(&bundle_id, size, &stored.hash))
    }
}

fn take(run: &TaskRun, kind: JobKind, datasource_id: &str) -> Result<Job> {
    let request = TakeJob {
        job_id: run.id().to_owned(),
        kind,
        datasource_id: datasource_id.to_owned(),
        worker: run.worker(),
        ttl_ms: LEASE_MS,
    };
    call(run, || run.wait(run.context().metastore.take_job(&request)))
}

/// What a job recorded, without the names of its objects.
pub(crate) fn digest(segments: &[NewSegment]) -> String {
    let told = |segment: &NewSegment| {
        format!("{} {} {} {:?}", segment.interval, segment.rows, segment.weight_sum, segment.shard_spec)
    };
    storage::sha256_hex(segments.iter().map(told).collect::<Vec<_>>().join("\n").as_bytes())
}

/// Makes a call until its fate is known.
pub(crate) fn call<T>(run: &TaskRun, ask: impl FnMut() -> Outcome<T>) -> Result<T> {
    match call_on_live(run, ask)? {
        Ok(value) => Ok(value),
        Err(conflict) => Err(Error::Conflict(conflict.to_string())),
    }
}

/// The same; that a segment meant by it is not live any more is an answer.
pub(crate) fn call_on_live<T>(run: &TaskRun, mut ask: impl FnMut() -> Outcome<T>) -> Result<Result<T, Conflict>> {
    let mut last = String::new();
    for attempt in 0..ATTEMPTS {
        match ask() {
            Outcome::Done(value) | Outcome::AlreadyDone(value) => return Ok(Ok(value)),
            Outcome::Fenced(fence) => return Err(Error::Conflict(fence.to_string())),
            Outcome::Conflict(moved @ (Conflict::NotLive { .. } | Conflict::PartlyCovered { .. })) => {
                return Ok(Err(moved));
            }
            Outcome::Conflict(conflict) => return Err(Error::Conflict(conflict.to_string())),
            Outcome::Unavailable(error) => last = error.to_string(),
        }
        run.check()?;
        run.pause(Duration::from_millis(50 << attempt.min(6)));
    }
    Err(Error::Unavailable(format!("the metastore does not answer: {last}")))
}

/// Waits until queries see what went live. That stands already, so a task succeeds even if it takes long.
pub(crate) fn hand_off(run: &TaskRun, datasource: &str, published: &Published, removed: &[String]) {
    let publication = Publication::new(datasource, published.clone(), removed.to_vec());
    for attempt in 0..ATTEMPTS {
        match run.wait(run.context().handoff.published(&publication)) {
            Ok(()) => return,
            Err(error) if attempt == 0 => run.log(&format!("queries do not see it yet: {error}")),
            Err(_) => {}
        }
        if run.check().is_err() {
            return;
        }
        run.pause(Duration::from_millis(50 << attempt.min(6)));
    }
    run.log("queries do not see it yet, and are not waited for any longer");
}

fn internal(error: storage::Error) -> Error {
    Error::Unavailable(error.to_string())
}
