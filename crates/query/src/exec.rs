//! What a running query is given: threads, time, memory, and the wish to stop.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::{Error, Result};

/// One unit of CPU work.
pub type Job = Box<dyn FnOnce() + Send>;

/// Threads that fold. `run` returns when every job has ended.
pub trait Executor: Send + Sync {
    fn num_threads(&self) -> usize;
    fn run(&self, jobs: Vec<Job>);
    /// Asked once per vector of rows: other queries may go first. Called with no lock held that they could want.
    fn pause(&self) {}
}

/// Runs jobs one after another on the calling thread.
#[derive(Debug, Default, Clone, Copy)]
pub struct Inline;

impl Executor for Inline {
    fn num_threads(&self) -> usize {
        1
    }

    fn run(&self, jobs: Vec<Job>) {
        for job in jobs {
            job();
        }
    }
}

/// Bytes that queries may hold. Budgets nest: a query's own inside the process's.
#[derive(Debug)]
pub struct MemoryBudget {
    name: String,
    limit_bytes: u64,
    used_bytes: AtomicU64,
    most_bytes: AtomicU64,
    parent: Option<Arc<MemoryBudget>>,
}

impl MemoryBudget {
    /// `name` is how errors call it.
    pub fn new(name: impl Into<String>, limit_bytes: u64) -> Arc<Self> {
        Self::within(name, limit_bytes, None)
    }

    pub fn within(name: impl Into<String>, limit_bytes: u64, parent: Option<Arc<MemoryBudget>>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            most_bytes: AtomicU64::new(0),
            parent,
        })
    }

    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    /// The most that were held at once.
    pub fn most_bytes(&self) -> u64 {
        self.most_bytes.load(Ordering::Relaxed)
    }

    pub fn limit_bytes(&self) -> u64 {
        self.limit_bytes
    }

    /// Whether half of it is held, or half of one around it: time to make room.
    pub fn is_tight(&self) -> bool {
        self.used_bytes() > self.limit_bytes / 2 || self.parent.as_ref().is_some_and(|parent| parent.is_tight())
    }

    fn take(&self, bytes: u64) -> Result<()> {
        let before = self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.limit_bytes {
            self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            let (name, limit) = (&self.name, self.limit_bytes);
            return Err(Error::ResourceLimit(format!("the query needs more than the {name} of {limit} bytes")));
        }
        if let Some(parent) = &self.parent {
            parent.take(bytes).inspect_err(|_| {
                self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            })?;
        }
        self.most_bytes.fetch_max(before + bytes, Ordering::Relaxed);
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(parent) = &self.parent {
            parent.give_back(bytes);
        }
    }
}

/// Bytes held against a budget; given back on drop.
#[derive(Debug)]
pub struct Reservation {
    budget: Arc<MemoryBudget>,
    bytes: u64,
}

impl Reservation {
    pub fn new(budget: &Arc<MemoryBudget>) -> Self {
        Self { budget: budget.clone(), bytes: 0 }
    }

    /// Holds exactly `bytes` from now on. Fails with a resource limit and keeps what it had.
    pub fn resize(&mut self, bytes: usize) -> Result<()> {
        let bytes = bytes as u64;
        match bytes.cmp(&self.bytes) {
            std::cmp::Ordering::Greater => self.budget.take(bytes - self.bytes)?,
            std::cmp::Ordering::Less => self.budget.give_back(self.bytes - bytes),
            // What all threads share is left alone.
            std::cmp::Ordering::Equal => {}
        }
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

/// Disk for groups that memory has no room for.
#[derive(Clone)]
pub struct SpillSpace {
    /// Makes an empty file that nobody else sees and that goes when it is closed.
    pub files: Arc<dyn Fn() -> std::io::Result<File> + Send + Sync>,
    /// Bytes that the files may have.
    pub budget: Arc<MemoryBudget>,
}

/// Milliseconds since the epoch.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Everything a query may use while it runs. Cheap to clone.
#[derive(Clone)]
pub struct ExecContext {
    pub cancelled: Arc<AtomicBool>,
    /// Instant after which the query fails, with the timeout that gave it. `None`: never.
    pub deadline: Option<Deadline>,
    pub now: Now,
    pub memory: Arc<MemoryBudget>,
    /// `None`: a query that needs more memory fails.
    pub spill: Option<SpillSpace>,
    pub executor: Arc<dyn Executor>,
    pub limits: Limits,
    /// What the subqueries of this query have handed on so far.
    pub handed_on: Arc<HandedOn>,
}

/// Rows that subqueries handed to the queries around them, all of one query together.
#[derive(Debug, Default)]
pub struct HandedOn {
    pub(crate) rows: AtomicUsize,
    pub(crate) bytes: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub at_ms: i64,
    pub timeout_ms: i64,
}

/// Sizes that no single query may pass, whatever its context says.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Buckets that filling may add to an answer.
    pub max_buckets: usize,
    /// Rows that subqueries may hand to the queries around them; the context may say otherwise.
    pub max_subquery_rows: usize,
    /// Bytes that they may hand on, where these are counted instead of rows.
    pub max_subquery_bytes: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_buckets: 5_000_000, max_subquery_rows: 100_000, max_subquery_bytes: None }
    }
}

impl ExecContext {
    /// One thread, a time that stands still, no deadline: for tests and tools.
    pub fn inline(memory_bytes: u64) -> Self {
        Self {
            cancelled: Arc::new(AtomicBool::new(false)),
            deadline: None,
            now: Arc::new(|| 0),
            memory: MemoryBudget::new("memory budget", memory_bytes),
            spill: None,
            executor: Arc::new(Inline),
            limits: Limits::default(),
            handed_on: Arc::default(),
        }
    }

    /// Asked once per vector of rows: is there any reason to stop? Other queries may run before it returns.
    pub fn check(&self) -> Result<()> {
        self.executor.pause();
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        match self.deadline {
            Some(deadline) if (self.now)() > deadline.at_ms => Err(Error::Timeout { timeout_ms: deadline.timeout_ms }),
            _ => Ok(()),
        }
    }

    /// Runs one closure per item on the executor and gives the results in the order of the items. What runs at once are
    /// items far from each other, for those beside each other often share a segment, whose counters threads would wait
    /// for.
    pub(crate) fn map<T, R>(
        &self,
        items: Vec<T>,
        work: impl Fn(T) -> Result<R> + Send + Sync + 'static,
    ) -> Result<Vec<R>>
    where
        T: Send + 'static,
        R: Send + 'static,
    {
        if items.len() <= 1 || self.executor.num_threads() <= 1 {
            return items.into_iter().map(work).collect();
        }
        let work = Arc::new(work);
        let slots: Arc<Vec<std::sync::Mutex<Option<Result<R>>>>> =
            Arc::new(items.iter().map(|_| Default::default()).collect());
        let each = items.len().div_ceil(self.executor.num_threads());
        let jobs = items.into_iter().enumerate().map(|(at, item)| {
            let (work, slots) = (work.clone(), slots.clone());
            let job = move || {
                let result = work(item);
                if let Ok(mut slot) = slots[at].lock() {
                    *slot = Some(result);
                }
            };
            (at % each, Box::new(job) as Job)
        });
        let mut jobs: Vec<(usize, Job)> = jobs.collect();
        jobs.sort_by_key(|(turn, _)| *turn);
        self.executor.run(jobs.into_iter().map(|(_, job)| job).collect());
        let take = |slot: &std::sync::Mutex<Option<Result<R>>>| slot.lock().ok().and_then(|mut s| s.take());
        slots.iter().map(|slot| take(slot).unwrap_or_else(|| Err(Error::internal("a fold did not end")))).collect()
    }
}
