//! A metastore that fails on purpose, and records out of thin air.

use std::sync::Arc;

use parking_lot::Mutex;

use crate::memory::Memory;
use crate::store::{Options, Store};
use crate::{Error, Metastore, MetricSums, Outcome, Result, Segment};
use timeline::{Interval, ShardSpec};

/// A live segment of datasource `d`, which was published at 1,000 ms.
pub fn segment(seg_id: &str, interval: Interval, num_rows: usize) -> Segment {
    let rows = i64::try_from(num_rows).unwrap_or(i64::MAX);
    Segment {
        seg_id: seg_id.to_owned(),
        datasource_id: "d".to_owned(),
        datasource: "d".to_owned(),
        start: interval.start,
        end: interval.end,
        version: 0,
        partition_num: 0,
        shard_spec: ShardSpec::Numbered { partition_num: 0, partitions: 1 },
        path: String::new(),
        size: 100,
        hash: String::new(),
        rows,
        weight_sum: rows,
        metric_sums: MetricSums::default(),
        min_time: interval.start,
        max_time: interval.start,
        meta: String::new(),
        created_by: String::new(),
        added_at: 1,
        added_time: 1_000,
        removed_at: None,
        removed_time: None,
        removed_why: None,
        removed_by: None,
        undone_by: None,
        restored_at: None,
    }
}

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call never arrives.
    LoseRequest,
    /// The call is carried out and its answer is lost.
    LoseReply,
    /// The database is down.
    Down,
}

#[derive(Default)]
struct Plan {
    /// Verb (none = any), calls to let pass, fault.
    faults: Vec<(Option<&'static str>, u32, Fault)>,
    is_down: bool,
}

/// A metastore in memory whose calls fail as planned and whose committed state can be taken back.
pub struct Faulty {
    store: Store,
    memory: Memory,
    plan: Mutex<Plan>,
}

impl Faulty {
    pub fn new(options: Options) -> Arc<Self> {
        let memory = Memory::default();
        let store = Store::new(Box::new(memory.clone()), options);
        Arc::new(Self { store, memory, plan: Mutex::new(Plan::default()) })
    }

    pub fn as_metastore(self: &Arc<Self>) -> Arc<dyn Metastore> {
        Arc::clone(self) as Arc<dyn Metastore>
    }

    /// Fails the call of `verb` (none = of any verb) that follows `after` others, once.
    pub fn fail(&self, verb: Option<&'static str>, after: u32, fault: Fault) {
        self.plan.lock().faults.push((verb, after, fault));
    }

    /// While down, every call is `Unavailable` and nothing is recorded.
    pub fn set_down(&self, is_down: bool) {
        self.plan.lock().is_down = is_down;
    }

    /// Remembers the committed state, as a replica that lags behind does.
    pub async fn remember(&self) -> Memorized {
        Memorized(self.memory.image().await)
    }

    /// Takes the committed state back to what it was, as a failover to a lagging replica does.
    pub async fn take_back(&self, to: Memorized) {
        self.memory.restore(to.0).await;
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn may_answer(&self) -> Result<()> {
        if self.plan.lock().is_down {
            return Err(Error::Unavailable("down".to_owned()));
        }
        Ok(())
    }

    fn fault_for(&self, verb: &str) -> Option<Fault> {
        let mut plan = self.plan.lock();
        if plan.is_down {
            return Some(Fault::Down);
        }
        let mut due = None;
        for (at, (name, after, _)) in plan.faults.iter_mut().enumerate() {
            if name.is_some_and(|name| name != verb) {
                continue;
            }
            match after.checked_sub(1) {
                Some(rest) => *after = rest,
                None if due.is_none() => due = Some(at),
                None => {}
            }
        }
        due.map(|at| plan.faults.remove(at).2)
    }

    pub(crate) async fn verb<T>(&self, name: &str, call: impl Future<Output = Outcome<T>>) -> Outcome<T> {
        match self.fault_for(name) {
            None => call.await,
            Some(Fault::LoseReply) => {
                call.await;
                Outcome::Unavailable(Error::Timeout(format!("the answer to {name} was lost")))
            }
            Some(Fault::LoseRequest) => Outcome::Unavailable(Error::Timeout(format!("{name} never arrived"))),
            Some(Fault::Down) => Outcome::Unavailable(Error::Unavailable("down".to_owned())),
        }
    }
}

/// A committed state.
pub struct Memorized(crate::memory::Tables);

#[cfg(test)]
mod tests;
