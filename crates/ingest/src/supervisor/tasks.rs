//! Tasks as Druid's clients know them: generations of a group, recorded when they begin and end.

use std::collections::BTreeMap;
use std::sync::Arc;

use metastore::{CreateTask, TaskStatus, UpdateTask};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::report::final_report;
use super::session::Session;
use super::spec::SupervisorSpec;
use super::state::{State, TaskRun};
use super::status::current_offsets;
use super::{Supervisors, refused};
use crate::lane::{Board, Command};
use crate::source::Partition;
use crate::{IngestContext, Result};

/// How a task ends.
pub(super) enum TaskEnd<'a> {
    /// All it read is published.
    Published,
    /// By itself, over what it read.
    Failed(&'a str),
    /// By somebody's will; clients see no duration then.
    Killed(&'a str),
}

impl Supervisors {
    /// The report of a task of a supervisor that still runs; reports of ended tasks are in the metastore.
    pub async fn live_report(&self, task_id: &str) -> Option<Value> {
        self.handles().await.iter().find_map(|handle| handle.live_report(task_id))
    }

    /// Whether the task is one of a supervisor here that still runs.
    pub async fn is_running(&self, task_id: &str) -> bool {
        self.live_report(task_id).await.is_some()
    }
}

impl Session {
    /// A new generation of a group.
    pub(super) async fn new_task(
        &self,
        group: i32,
        starts: BTreeMap<String, i64>,
        board: Arc<Board>,
    ) -> Result<TaskRun> {
        let mut task = TaskRun {
            id: task_id(&self.context, &self.spec),
            group,
            started_ms: self.context.clock.now_ms(),
            starts,
            ends: None,
            averages: Default::default(),
            board,
            is_shown: false,
        };
        if self.shared.status.lock().state != State::Idle {
            self.record(&mut task).await?;
        }
        Ok(task)
    }

    async fn record(&self, task: &mut TaskRun) -> Result<()> {
        let request = CreateTask {
            task_id: task.id.clone(),
            task_type: "index_kafka".to_owned(),
            group_id: format!("index_kafka_{}", self.spec.id),
            datasource: self.spec.datasource.clone(),
            payload: self.task_payload(task),
        };
        self.context.metastore.create_task(&request).await.into_result().map_err(refused)?;
        task.is_shown = true;
        Ok(())
    }

    /// Groups whose task has reached its duration go on as another, and a waiting task is shown once it reads.
    pub(super) async fn rotate_due(&mut self) {
        let now_ms = self.context.clock.now_ms();
        let (mut due, mut woken) = (Vec::new(), Vec::new());
        for task in &self.shared.status.lock().active {
            if task.is_shown && now_ms - task.started_ms >= self.spec.io.task_duration_ms {
                due.push(i64::from(task.group));
            }
            if !task.is_shown && task.board.with(|board| board.counts.contains_key(&task.id)) {
                woken.push(task.clone());
            }
        }
        for mut task in woken {
            task.started_ms = now_ms;
            if self.record(&mut task).await.is_ok() {
                let mut status = self.shared.status.lock();
                if let Some(shown) = status.active.iter_mut().find(|active| active.id == task.id) {
                    *shown = task;
                }
            }
        }
        if !due.is_empty() {
            self.rotate(&due).await;
        }
    }

    /// Lets groups publish what they have read and go on as new tasks.
    pub(super) async fn rotate(&mut self, groups: &[i64]) {
        let is_multi = self.spec.io.is_multi_topic();
        let active = self.shared.status.lock().active.clone();
        for mut task in active.into_iter().filter(|task| groups.contains(&i64::from(task.group))) {
            let Some(group) = self.groups.get(&task.group) else { continue };
            let ends = current_offsets(&task, is_multi);
            let next = match self.new_task(task.group, ends.clone(), task.board.clone()).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(task = task.id, %error, "the task goes on, the next one could not be recorded");
                    continue;
                }
            };
            // A group that has ended is seen by its board.
            let _ = group.commands.send(Command::Rotate { task_id: next.id.clone() });
            task.ends = Some(ends);
            let mut status = self.shared.status.lock();
            status.active.retain(|active| active.id != task.id);
            status.active.push(next);
            status.active.sort_by_key(|active| active.group);
            if task.is_shown {
                status.publishing.push(task);
            }
        }
    }

    /// Tasks all of whose rows are published have succeeded.
    pub(super) async fn finish_tasks(&mut self) {
        let is_published = |task: &TaskRun| {
            task.board
                .with(|board| board.is_over || board.current_task != task.id && !board.unpublished.contains(&task.id))
        };
        let done: Vec<TaskRun> = {
            let mut status = self.shared.status.lock();
            let (done, left) = std::mem::take(&mut status.publishing).into_iter().partition(is_published);
            status.publishing = left;
            done
        };
        for task in done {
            self.end_task(task, TaskEnd::Published).await;
        }
    }

    pub(super) async fn end_task(&self, task: TaskRun, end: TaskEnd<'_>) {
        if !task.is_shown {
            return;
        }
        let sums = self.context.metastore.task_sums(&task.id).await.unwrap_or_default();
        let ran_ms = self.context.clock.now_ms() - task.started_ms;
        let (error, duration_ms) = match end {
            TaskEnd::Published => (None, ran_ms),
            TaskEnd::Failed(why) => (Some(why), ran_ms),
            TaskEnd::Killed(why) => (Some(why), -1),
        };
        let request = UpdateTask {
            task_id: task.id.clone(),
            status: if error.is_some() { TaskStatus::Failed } else { TaskStatus::Success },
            duration_ms: Some(duration_ms),
            report: Some(final_report(&task, &sums, error).to_string()),
            error: error.map(str::to_owned),
            log_location: None,
        };
        if let Err(refusal) = self.context.metastore.update_task(&request).await.into_result() {
            tracing::warn!(task = task.id, %refusal, "the end of a task could not be recorded");
        }
    }

    /// The task that read a lane which was halted has failed; its group goes on under another with the rest.
    pub(super) async fn fail_group_of(&mut self, partition: &Partition, why: &str) {
        let group = self.group_of(partition);
        let failed: Vec<TaskRun> = {
            let mut status = self.shared.status.lock();
            let tasks = std::mem::take(&mut status.active);
            let (failed, left) = tasks.into_iter().partition(|task| task.group == group);
            status.active = left;
            failed
        };
        for task in failed {
            let rest = current_offsets(&task, self.spec.io.is_multi_topic());
            let has_more = !rest.is_empty();
            let next = if has_more { self.new_task(group, rest, task.board.clone()).await.ok() } else { None };
            if let (Some(next), Some(running)) = (next, self.groups.get(&group)) {
                let _ = running.commands.send(Command::Rotate { task_id: next.id.clone() });
                self.shared.status.lock().active.push(next);
            }
            self.end_task(task, TaskEnd::Failed(why)).await;
        }
    }
}

fn task_id(context: &IngestContext, spec: &SupervisorSpec) -> String {
    let hash = sequence_hash(spec);
    let chance = context.random.next_u64();
    let suffix: String = (0..8).map(|at| char::from(b'a' + ((chance >> (4 * at)) & 15) as u8)).collect();
    format!("index_kafka_{}_{hash}_{suffix}", spec.id)
}

fn sequence_hash(spec: &SupervisorSpec) -> String {
    let digest = Sha1::digest(spec.json.to_string().as_bytes());
    let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    text.get(..15).unwrap_or_default().to_owned()
}

/// The context of the spec, and what an overlord adds to it.
fn context_of(shown: &Value, task: &TaskRun) -> Value {
    let mut context = super::report::task_context(task);
    if let (Some(given), Some(context)) = (shown.get("context").and_then(Value::as_object), context.as_object_mut()) {
        context.extend(given.clone());
    }
    context
}

/// The task as clients may see it.
pub(super) fn payload(spec: &SupervisorSpec, task: &TaskRun) -> Option<Value> {
    let shown = spec.shown();
    let topic = spec.io.stream();
    let sequence = format!("index_kafka_{}_{}", spec.id, sequence_hash(spec));
    let ends: BTreeMap<&String, i64> = task.starts.keys().map(|partition| (partition, i64::MAX)).collect();
    let side = |kind: &str, offsets: Value| {
        let mut side = json!({"type": kind, "stream": topic, "topic": topic, "partitionSequenceNumberMap": offsets, "partitionOffsetMap": offsets});
        if kind == "start" {
            side["exclusivePartitions"] = json!([]);
        }
        side
    };
    let mut tuning = shown.get("tuningConfig")?.as_object()?.clone();
    for absent in [
        "workerThreads",
        "chatRetries",
        "httpTimeout",
        "shutdownTimeout",
        "offsetFetchPeriod",
        "repartitionTransitionDuration",
    ] {
        tuning.remove(absent);
    }
    tuning.insert("type".to_owned(), json!("KafkaTuningConfig"));
    let io = shown.get("ioConfig")?;
    let min = spec.io.late_start.or(spec.io.late_ms.map(|late| task.started_ms - late));
    let max = spec.io.early_ms.map(|early| task.started_ms + spec.io.task_duration_ms + early);
    Some(json!({
        "type": "index_kafka",
        "id": task.id,
        "resource": {"availabilityGroup": sequence, "requiredCapacity": 1},
        "dataSchema": shown.get("dataSchema")?,
        "tuningConfig": tuning,
        "ioConfig": {
            "type": "kafka",
            "taskGroupId": task.group,
            "baseSequenceName": sequence,
            "startPartitions": side("end", json!(task.starts)),
            "endPartitions": side("end", json!(ends)),
            "startSequenceNumbers": side("start", json!(task.starts)),
            "endSequenceNumbers": side("end", json!(ends)),
            "consumerProperties": io.get("consumerProperties")?,
            "pollTimeout": io.get("pollTimeout")?,
            "useTransaction": true,
            "minimumMessageTime": min.map(timeline::instant::text),
            "maximumMessageTime": max.map(timeline::instant::text),
            "inputFormat": io.get("inputFormat")?,
            "configOverrides": null,
            "multiTopic": spec.io.is_multi_topic(),
            "refreshRejectionPeriodsInMinutes": 1,
        },
        "context": context_of(&shown, task),
        "groupId": format!("index_kafka_{}", spec.id),
        "dataSource": spec.datasource,
    }))
}
