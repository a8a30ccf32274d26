//! Counters of tasks, live and when they have ended.

use metastore::{RowCounts, TaskSums};
use serde_json::{Map, Value, json};

use super::actor::Handle;
use super::state::TaskRun;

const WINDOWS_S: [(&str, f64); 3] = [("1m", 60.0), ("5m", 300.0), ("15m", 900.0)];

/// Rows per second, smoothed over some minutes.
#[derive(Debug, Clone, Default)]
pub(super) struct Averages {
    last: RowCounts,
    last_ms: Option<u64>,
    rates: [[f64; 5]; 3],
}

fn numbers(counts: &RowCounts) -> [i64; 5] {
    let RowCounts { processed, processed_bytes, processed_with_error, thrown_away, unparseable } = *counts;
    [processed, processed_bytes, unparseable, thrown_away, processed_with_error]
}

const NAMES: [&str; 5] = ["processed", "processedBytes", "unparseable", "thrownAway", "processedWithError"];

impl Averages {
    /// Takes in the counters of now.
    pub(super) fn sample(&mut self, counts: RowCounts, now_ms: u64) {
        let before = std::mem::replace(&mut self.last, counts);
        let Some(last_ms) = self.last_ms.replace(now_ms) else { return };
        let seconds = now_ms.saturating_sub(last_ms) as f64 / 1000.0;
        if seconds <= 0.0 {
            return;
        }
        for (rates, (_, window)) in self.rates.iter_mut().zip(WINDOWS_S) {
            let weight = 1.0 - (-seconds / window).exp();
            let grown = numbers(&counts).into_iter().zip(numbers(&before));
            for (rate, (now, then)) in rates.iter_mut().zip(grown) {
                *rate += weight * ((now - then) as f64 / seconds - *rate);
            }
        }
    }

    fn to_json(&self) -> Value {
        let mut windows = Map::new();
        for (rates, (name, _)) in self.rates.iter().zip(WINDOWS_S) {
            let rates = NAMES.iter().zip(rates).map(|(name, rate)| ((*name).to_owned(), json!(rate)));
            windows.insert(name.to_owned(), Value::Object(rates.collect()));
        }
        json!({ "buildSegments": windows })
    }
}

fn totals(counts: &RowCounts) -> Value {
    json!({
        "processed": counts.processed,
        "processedBytes": counts.processed_bytes,
        "processedWithError": counts.processed_with_error,
        "thrownAway": counts.thrown_away,
        "unparseable": counts.unparseable,
    })
}

fn row_stats(task: &TaskRun) -> Value {
    json!({"movingAverages": task.averages.to_json(), "totals": {"buildSegments": totals(&task.counts())}})
}

fn unparseable_events(task: &TaskRun) -> Value {
    let errors: Vec<Value> = task
        .board
        .with(|board| board.errors.iter().filter(|(id, _)| *id == task.id).map(|(_, error)| error.clone()).collect());
    if errors.is_empty() { json!({}) } else { json!({ "buildSegments": errors }) }
}

impl Handle {
    /// Counters by task group and task.
    pub(super) fn stats(&self) -> Value {
        let mut groups = Map::new();
        for task in self.status().active.iter().filter(|task| task.is_shown) {
            let group = groups.entry(task.group.to_string()).or_insert_with(|| json!({}));
            group[&task.id] = row_stats(task);
        }
        Value::Object(groups)
    }

    /// The newest errors of records.
    pub(super) fn parse_errors(&self) -> Vec<Value> {
        let status = self.status();
        let tasks = status.active.iter().chain(&status.publishing);
        let mut boards: Vec<&TaskRun> = Vec::new();
        for task in tasks {
            if boards.iter().all(|known| !std::sync::Arc::ptr_eq(&known.board, &task.board)) {
                boards.push(task);
            }
        }
        let errors = |task: &&TaskRun| -> Vec<Value> {
            task.board.with(|board| board.errors.iter().map(|(_, error)| error.clone()).collect())
        };
        boards.iter().flat_map(errors).collect()
    }

    /// The report of a task that still runs.
    pub(super) fn live_report(&self, task_id: &str) -> Option<Value> {
        let status = self.status();
        let task = status.active.iter().chain(&status.publishing).find(|task| task.id == task_id)?;
        Some(json!({
            "ingestionStatsAndErrors": {
                "taskId": task.id,
                "payload": {
                    "ingestionState": "BUILD_SEGMENTS",
                    "unparseableEvents": unparseable_events(task),
                    "rowStats": row_stats(task),
                },
                "type": "ingestionStatsAndErrors",
            }
        }))
    }
}

/// What Druid's overlord gives a task on its way: where it begins, by sequence number, and how it takes segment ids.
pub(super) fn task_context(task: &TaskRun) -> Value {
    let starts: Map<String, Value> = task.starts.iter().map(|(partition, at)| (partition.clone(), json!(at))).collect();
    json!({
        "checkpoints": json!({ "0": starts }).to_string(),
        "useLineageBasedSegmentAllocation": true,
        "IS_INCREMENTAL_HANDOFF_SUPPORTED": true,
        "forceTimeChunkLock": true,
    })
}

/// The report of a task that has ended: what the ledger booked for it, or what it counted if it failed.
pub(super) fn final_report(task: &TaskRun, sums: &TaskSums, error: Option<&str>) -> Value {
    let counts = if error.is_some() { task.counts() } else { sums.row_counts };
    let mut read = Map::new();
    for (partition, end) in task.ends.iter().flatten() {
        let start = task.starts.get(partition).copied().unwrap_or(*end);
        let key = format!("KafkaTopicPartition{{partition={partition}, topic='null', multiTopicPartition=false}}");
        read.insert(key, json!(end - start));
    }
    json!({
        "ingestionStatsAndErrors": {
            "type": "ingestionStatsAndErrors",
            "taskId": task.id,
            "payload": {
                "ingestionState": if error.is_some() { "BUILD_SEGMENTS" } else { "COMPLETED" },
                "unparseableEvents": unparseable_events(task),
                "rowStats": {"buildSegments": totals(&counts)},
                "errorMsg": error,
                "segmentAvailabilityConfirmed": error.is_none(),
                "segmentAvailabilityWaitTimeMs": 0,
                "recordsProcessed": read,
            }
        },
        "taskContext": {"type": "taskContext", "taskId": task.id, "payload": task_context(task)}
    })
}
