//! Native queries of this process: admitted, run on the pool, streamed.

mod covers_store;
mod histogram;
mod lane;
mod pretty;
mod run;
mod running;
mod stream;
mod touched;
mod waiting;

pub use covers_store::CoversStore;
pub use histogram::Histogram;
pub use pretty::Indenter;
pub use run::{Begun, Facts, begin};
pub use running::RunningQueries;
pub use stream::AnswerBody;

use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers of the queries so far.
#[derive(Default)]
pub struct QueryMetrics {
    by_type: RwLock<BTreeMap<&'static str, Arc<QueryTypeMetrics>>>,
    /// Queries refused because too many ran.
    pub num_refused: AtomicU64,
    num_ended: AtomicU64,
}

/// Numbers of one type of query.
#[derive(Default)]
pub struct QueryTypeMetrics {
    pub num_good: AtomicU64,
    pub num_failed: AtomicU64,
    /// From the last byte of the question to the first of the answer.
    pub latency: Histogram,
}

impl QueryMetrics {
    /// Books one query that ended.
    pub fn ended(&self, query_type: &'static str, took_ms: u64, good: bool) {
        let numbers = self.of_type(query_type);
        if good { &numbers.num_good } else { &numbers.num_failed }.fetch_add(1, Ordering::Relaxed);
        numbers.latency.observe_ms(took_ms);
        self.num_ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Queries ended so far.
    pub fn num_ended(&self) -> u64 {
        self.num_ended.load(Ordering::Relaxed)
    }

    /// All types asked for so far.
    pub fn by_type(&self) -> Vec<(&'static str, Arc<QueryTypeMetrics>)> {
        self.by_type.read().iter().map(|(name, numbers)| (*name, Arc::clone(numbers))).collect()
    }

    fn of_type(&self, query_type: &'static str) -> Arc<QueryTypeMetrics> {
        if let Some(found) = self.by_type.read().get(query_type) {
            return Arc::clone(found);
        }
        Arc::clone(self.by_type.write().entry(query_type).or_default())
    }
}
