//! One query: admitted, looked at, begun on the pool.

use super::running::Ticket;
use super::touched::{Counted, Touched};
use super::{lane, waiting};
use crate::admission::Permit;
use crate::context::NodeContext;
use crate::pool::{CpuTime, Pool, PoolExecutor, Share};
use cluster::Covers;
use query::{Answer, Deadline, Error, ExecContext, Limits, MemoryBudget, Query, Result, Sources, SpillSpace};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// Of an answer, what is known before its first byte.
pub struct Facts {
    pub covers: Covers,
    pub snapshots: BTreeMap<String, i64>,
    pub num_segments: u64,
    pub num_rows: u64,
    /// Of the columns that were looked at.
    pub num_bytes: u64,
    /// Processor time up to the first bytes, of all threads.
    pub cpu_us: u64,
    /// Memory that the query held at most, and disk that its groups took, up to the first bytes.
    pub most_memory_bytes: u64,
    pub spilled_bytes: u64,
}

/// An answer whose first bytes are there. While it lives the query holds its place; dropping it cancels the query.
pub struct Begun {
    pub facts: Facts,
    pub first: Vec<u8>,
    /// Absent when `first` is all.
    pub rest: Option<Answer>,
    pub held: Held,
}

/// What a query holds while it runs.
pub struct Held {
    pub pool: Arc<Pool>,
    pub share: Arc<Share>,
    _ticket: Ticket,
    _permit: Permit,
}

/// Waits for a place, runs the query and gives its first bytes.
pub async fn begin(node: &NodeContext, query: Query, ticket: Ticket) -> Result<Begun> {
    let deadline = deadline(node, &query)?;
    let work = begin_in_time(node, query, ticket, deadline);
    match deadline {
        None => work.await,
        Some(deadline) => {
            let left = Duration::from_millis(u64::try_from(deadline.timeout_ms).unwrap_or(0));
            let timeout = Error::Timeout { timeout_ms: deadline.timeout_ms };
            tokio::time::timeout(left, work).await.unwrap_or(Err(timeout))
        }
    }
}

async fn begin_in_time(node: &NodeContext, query: Query, ticket: Ticket, deadline: Option<Deadline>) -> Result<Begun> {
    let permit = node.admission.enter(lane::of(&query)?).await.map_err(|full| {
        node.query_metrics.num_refused.fetch_add(1, Ordering::Relaxed);
        Error::Capacity(full.to_string())
    })?;
    let moment = waiting::moment(node, &query, deadline).await?;
    let share = Share::new(query.context().priority()?);
    let cpu = Arc::new(CpuTime::default());
    let exec = exec(node, &query, &ticket, deadline, (&share, &cpu))?;
    let (memory, disk) = (Arc::clone(&exec.memory), exec.spill.as_ref().map(|space| Arc::clone(&space.budget)));
    let held = Held { pool: Arc::clone(&node.pool), share, _ticket: ticket, _permit: permit };
    let (facts, first, rest) = on_pool(&held.pool, &held.share, move || {
        let touched = Arc::new(Touched::default());
        let counted = Counted { sources: &*moment, touched: Arc::clone(&touched) };
        let (first, answer) = cpu.measure(|| first_bytes(&query, &counted, &exec))?;
        let facts = Facts {
            covers: moment.covers(),
            snapshots: moment.snapshots(),
            num_segments: touched.num_segments(),
            num_rows: touched.num_rows(),
            num_bytes: touched.bytes(),
            cpu_us: cpu.us(),
            most_memory_bytes: memory.most_bytes(),
            spilled_bytes: disk.map_or(0, |disk| disk.most_bytes()),
        };
        Ok((facts, first, answer))
    })
    .await?;
    Ok(Begun { facts, first, rest, held })
}

/// The first two pieces, and the answer when there is more.
fn first_bytes(query: &Query, sources: &dyn Sources, exec: &ExecContext) -> Result<(Vec<u8>, Option<Answer>)> {
    let mut answer = query::answer(query, sources, exec)?;
    let mut first = Vec::new();
    let is_whole = !answer.next_chunk(&mut first)? || !answer.next_chunk(&mut first)?;
    Ok((first, (!is_whole).then_some(answer)))
}

/// Runs work on the pool and waits for what it gives.
pub async fn on_pool<T: Send + 'static>(
    pool: &Pool,
    share: &Arc<Share>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (say, said) = oneshot::channel();
    pool.spawn(
        share,
        Box::new(move || {
            // Nobody listens when the client has gone.
            let _ = say.send(work());
        }),
    );
    said.await.unwrap_or_else(|_| Err(Error::Internal("the query ended in a panic, or the process is stopping".into())))
}

fn deadline(node: &NodeContext, query: &Query) -> Result<Option<Deadline>> {
    let settings = &node.config.query;
    let most = i64::try_from(settings.max_timeout_ms).unwrap_or(i64::MAX);
    let timeout_ms = match query.context().timeout_ms()? {
        Some(asked) if asked > most => {
            return Err(Error::Context(format!("context 'timeout' of {asked} ms is more than the {most} ms allowed")));
        }
        Some(0) => return Ok(None),
        Some(asked) => asked,
        None => i64::try_from(settings.timeout_ms).unwrap_or(i64::MAX),
    };
    Ok(Some(Deadline { at_ms: node.clock.now_ms().saturating_add(timeout_ms), timeout_ms }))
}

fn exec(
    node: &NodeContext,
    query: &Query,
    ticket: &Ticket,
    deadline: Option<Deadline>,
    (share, cpu): (&Arc<Share>, &Arc<CpuTime>),
) -> Result<ExecContext> {
    let (clock, context) = (Arc::clone(&node.clock), query.context());
    let within = |name, bytes, all: &Arc<MemoryBudget>| MemoryBudget::within(name, bytes, Some(Arc::clone(all)));
    let most_on_disk = context.long_from("maxOnDiskStorage", 0)?.and_then(|bytes| u64::try_from(bytes).ok());
    let disk_bytes = most_on_disk.unwrap_or(u64::MAX).min(node.spill.budget.limit_bytes());
    let spill = SpillSpace {
        files: Arc::clone(&node.spill.files),
        budget: within("disk of one query", disk_bytes, &node.spill.budget),
    };
    let executor = PoolExecutor::new(Arc::clone(&node.pool), Arc::clone(share), Arc::clone(cpu));
    Ok(ExecContext {
        cancelled: ticket.cancelled(),
        deadline,
        now: Arc::new(move || clock.now_ms()),
        memory: within("memory of one query", node.query_memory_bytes(), &node.memory),
        spill: Some(spill),
        executor: Arc::new(executor),
        limits: Limits::default(),
        handed_on: Arc::default(),
    })
}
