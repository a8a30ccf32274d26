//! Status as JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::spec::SupervisorSpec;
use super::state::{State, Status, TaskRun};
use crate::source::Partition;

/// How a partition is named in answers.
pub(super) fn partition_key(partition: &Partition, is_multi_topic: bool) -> String {
    match is_multi_topic {
        false => partition.number.to_string(),
        true => format!("{}:{}", partition.topic, partition.number),
    }
}

impl Status {
    /// What every form of the list has.
    pub(super) fn head(&self, id: &str) -> Value {
        json!({
            "id": id,
            "state": self.state.name(),
            "detailedState": self.detailed,
            "healthy": self.is_healthy(),
        })
    }

    /// The answer of `/status`.
    pub(super) fn to_json(&self, spec: &SupervisorSpec, now_ms: i64) -> Value {
        let duration_ms = spec.io.task_duration_ms;
        let active = self.active.iter().filter(|task| task.is_shown);
        let active: Vec<Value> = active.map(|task| self.active_task(task, spec, now_ms, duration_ms)).collect();
        let publishing: Vec<Value> = self.publishing.iter().map(publishing_task).collect();
        let suspended = self.state == State::Suspended;
        let lag = if suspended { BTreeMap::new() } else { self.lag(spec) };
        let mut payload = Map::new();
        let mut put = |key: &str, value: Value| payload.insert(key.to_owned(), value);
        put("dataSource", json!(spec.datasource));
        put("stream", json!(spec.io.stream()));
        put("partitions", json!(self.num_partitions));
        put("replicas", json!(spec.io.replicas()));
        put("durationSeconds", json!(duration_ms / 1000));
        put("activeTasks", json!(active));
        put("publishingTasks", json!(publishing));
        if let Some(latest) = self.latest.as_ref().filter(|_| !suspended) {
            put("latestOffsets", json!(latest));
        }
        put("minimumLag", json!(lag));
        put("aggregateLag", json!(lag.values().sum::<i64>()));
        if self.latest.is_some() && !suspended {
            put("offsetsLastUpdated", json!(timeline::instant::text(self.latest_at_ms)));
        }
        put("suspended", json!(spec.suspended));
        put("healthy", json!(self.is_healthy()));
        put("state", json!(self.state.name()));
        put("detailedState", json!(self.detailed));
        put("recentErrors", json!(self.errors));
        let ignored = spec.ignored();
        if !ignored.is_empty() {
            put("ignored", json!(ignored));
        }
        json!({"id": spec.id, "generationTime": timeline::instant::text(now_ms), "payload": payload})
    }

    /// Records between what is read and the end of the log.
    pub(super) fn lag(&self, spec: &SupervisorSpec) -> BTreeMap<String, i64> {
        let Some(latest) = &self.latest else { return BTreeMap::new() };
        let current: BTreeMap<String, i64> =
            self.active.iter().flat_map(|task| current_offsets(task, spec.io.is_multi_topic())).collect();
        let lag = latest.iter().filter_map(|(key, end)| current.get(key).map(|at| (key.clone(), (end - at).max(0))));
        lag.collect()
    }

    fn active_task(&self, task: &TaskRun, spec: &SupervisorSpec, now_ms: i64, duration_ms: i64) -> Value {
        // A task has not reported before the ends of the log are known.
        let has_reported = self.latest.is_some();
        let current = if has_reported { current_offsets(task, spec.io.is_multi_topic()) } else { BTreeMap::new() };
        let lag = self.lag(spec);
        let lag: BTreeMap<&String, &i64> = lag.iter().filter(|(key, _)| current.contains_key(*key)).collect();
        json!({
            "id": task.id,
            "startingOffsets": task.starts,
            "startTime": timeline::instant::text(task.started_ms),
            "remainingSeconds": ((task.started_ms + duration_ms - now_ms) / 1000).max(0),
            "type": "ACTIVE",
            "currentOffsets": current,
            "lag": lag,
        })
    }
}

fn publishing_task(task: &TaskRun) -> Value {
    json!({
        "id": task.id,
        "startingOffsets": task.starts,
        "startTime": timeline::instant::text(task.started_ms),
        "remainingSeconds": 0,
        "type": "PUBLISHING",
        "currentOffsets": task.ends,
    })
}

/// Where the lanes of a task stand.
pub(super) fn current_offsets(task: &TaskRun, is_multi_topic: bool) -> BTreeMap<String, i64> {
    task.board.with(|board| {
        let lanes = board.lanes.values();
        lanes.map(|lane| (partition_key(&lane.partition, is_multi_topic), lane.position)).collect()
    })
}
