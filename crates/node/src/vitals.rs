//! The last minutes of the process, for whoever opens the console: one look every few seconds.

use crate::context::NodeContext;
use crate::memory;
use crate::task_set::{Stage, TaskSet};
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// From one look to the next.
pub const PERIOD: Duration = Duration::from_secs(5);
/// Fifteen minutes of looks.
const MAX_LOOKS: usize = 180;

/// What one look saw. Counts with `num_` grow; the rest are as they were at that instant.
#[derive(Debug, Clone, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Look {
    /// Milliseconds since the epoch.
    pub at: i64,
    pub num_events: u64,
    pub num_queries: u64,
    pub live_rows: i64,
    pub sealed_rows: u64,
    pub segments: usize,
    pub lag_ms: i64,
    pub lag_records: i64,
    pub resident_bytes: u64,
}

/// The newest looks, the oldest first.
#[derive(Default)]
pub struct Vitals {
    looks: Mutex<VecDeque<Look>>,
}

impl Vitals {
    pub fn add(&self, look: Look) {
        let mut looks = self.looks.lock();
        looks.push_back(look);
        while looks.len() > MAX_LOOKS {
            looks.pop_front();
        }
    }

    pub fn looks(&self) -> Vec<Look> {
        self.looks.lock().iter().cloned().collect()
    }
}

/// Looks until the process stops.
pub fn start(node: &Arc<NodeContext>, tasks: &mut TaskSet) {
    let node = Arc::clone(node);
    tasks.spawn("vitals", Stage::Doors, |stop| async move {
        let mut ticks = tokio::time::interval(PERIOD);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = ticks.tick() => node.vitals.add(look(&node)),
            }
        }
    });
}

/// As things are now.
pub fn look(node: &NodeContext) -> Look {
    let (supervisors, views) = (node.ingest.metrics.supervisors(), node.inventory.views());
    Look {
        at: node.clock.now_ms(),
        num_events: supervisors.iter().map(|(_, numbers)| numbers.events.get()).sum(),
        num_queries: node.query_metrics.num_ended(),
        live_rows: supervisors.iter().map(|(_, numbers)| numbers.live_rows.get()).sum(),
        sealed_rows: views.iter().map(|view| view.num_sealed_rows()).sum(),
        segments: views.iter().map(|view| view.sealed.len()).sum(),
        lag_ms: supervisors.iter().map(|(_, numbers)| numbers.lag_ms.get()).max().unwrap_or(0),
        lag_records: supervisors.iter().map(|(_, numbers)| numbers.lag_records.get()).sum(),
        resident_bytes: memory::resident_bytes().unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(at: i64) -> Look {
        Look {
            at,
            num_events: 1,
            num_queries: 2,
            live_rows: 3,
            sealed_rows: 4,
            segments: 5,
            lag_ms: 6,
            lag_records: 7,
            resident_bytes: 8,
        }
    }

    #[test]
    fn only_the_last_quarter_of_an_hour_is_kept() {
        let vitals = Vitals::default();
        for at in 0..1000 {
            vitals.add(look(at));
        }
        let looks = vitals.looks();
        assert_eq!((looks.len(), looks[0].at, looks[179].at), (180, 820, 999));
        assert_eq!(PERIOD.as_secs() * 180, 15 * 60);
    }
}
