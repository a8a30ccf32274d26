//! What the event path did and holds, in numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::compaction::RunningMerges;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `by`.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Sets it.
    pub fn set(&self, to: i64) {
        self.0.store(to, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Numbers of one supervisor. Row counters carry Druid's meaning.
#[derive(Debug, Default)]
pub struct SupervisorMetrics {
    /// Records read.
    pub events: Counter,
    /// Bytes of keys and values read.
    pub bytes: Counter,
    /// Rows taken without error.
    pub processed: Counter,
    /// Rows taken with a nulled field.
    pub processed_with_error: Counter,
    /// Rows dropped on purpose.
    pub thrown_away: Counter,
    /// Rows that could not be read.
    pub unparseable: Counter,
    /// Chunks written to the local disk.
    pub spills: Counter,
    /// Cuts published.
    pub cuts: Counter,
    /// Cuts refused or fenced, whose rows were read again.
    pub refused_cuts: Counter,
    /// Segments published.
    pub segments: Counter,
    /// Spans of 10,000 records of which more than one in twenty could not be read.
    pub dead_letter_alarms: Counter,
    /// Dead letters published.
    pub dead_letters: Counter,
    /// Records between the newest read and the end of the log.
    pub lag_records: Gauge,
    /// Age of the oldest record not read yet, in ms; 0 when all is read.
    pub lag_ms: Gauge,
    /// Rows (after roll-up) not yet published.
    pub live_rows: Gauge,
    /// Bytes of live rows in memory.
    pub live_bytes: Gauge,
    /// Bytes of chunks on the local disk.
    pub spilled_bytes: Gauge,
    /// Lanes read.
    pub lanes: Gauge,
    /// Lanes that are paused or halted.
    pub lanes_stopped: Gauge,
}

/// Numbers of the whole event path.
#[derive(Debug, Default)]
pub struct Metrics {
    supervisors: RwLock<BTreeMap<String, Arc<SupervisorMetrics>>>,
    /// Compaction jobs that replaced their inputs.
    pub compactions: Counter,
    /// Compaction jobs whose output was thrown away.
    pub failed_compactions: Counter,
    /// Segments that compaction removed.
    pub compacted_segments: Counter,
    /// Compaction jobs under way.
    pub merges: RunningMerges,
}

impl Metrics {
    /// The numbers of one supervisor.
    pub fn supervisor(&self, id: &str) -> Arc<SupervisorMetrics> {
        if let Some(found) = self.supervisors.read().get(id) {
            return found.clone();
        }
        self.supervisors.write().entry(id.to_owned()).or_default().clone()
    }

    /// All supervisors that ran in this process.
    pub fn supervisors(&self) -> Vec<(String, Arc<SupervisorMetrics>)> {
        self.supervisors.read().iter().map(|(id, metrics)| (id.clone(), metrics.clone())).collect()
    }

    /// Bytes held in memory, by owner.
    pub fn memory_by_owner(&self) -> Vec<(String, i64)> {
        self.supervisors().into_iter().map(|(id, metrics)| (format!("live:{id}"), metrics.live_bytes.get())).collect()
    }
}
