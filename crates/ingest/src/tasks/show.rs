//! Tasks as the overlord's clients see them.

use metastore::{Task, TaskFilter, TaskStatus};
use serde_json::{Map, Value, json};
use timeline::{Interval, instant};

use super::{Tasks, unavailable};
use crate::{Body, Error, Reply};

/// Which tasks to list; absent properties take all.
#[derive(Debug, Clone, Default)]
pub struct TaskListFilter {
    /// `pending`, `waiting`, `running` or `complete`, in any case.
    pub state: Option<String>,
    /// Datasource of the tasks.
    pub datasource: Option<String>,
    /// Type of the tasks.
    pub task_type: Option<String>,
    /// `start_end` or `start/end`; only its start counts.
    pub created_time_interval: Option<String>,
    /// How many, at most.
    pub max: Option<u32>,
}

/// Tasks of one list.
const MAX_LISTED: u32 = 10_000;
/// For so long a task that was killed still runs as clients see it. Any other that has ended is unknown to the
/// runner, which Druid calls waiting where it answers for one task.
const JUST_ENDED_MS: i64 = 2_000;
/// The instant that stands where none is known.
const NEVER: &str = "1970-01-01T00:00:00.000Z";

pub(super) fn unknown(id: &str) -> Reply {
    Reply { status: 404, body: Body::Text(format!("Cannot find any task with id: [{id}]")) }
}

pub(super) fn exists(id: &str) -> Reply {
    let body = json!({
        "error": "druidException", "errorCode": "entryAlreadyExists", "persona": "USER",
        "category": "INVALID_INPUT", "errorMessage": format!("Task[{id}] already exists"), "context": {},
    });
    Reply { status: 400, body: Body::Json(body) }
}

fn no_report() -> Reply {
    let why = "No task reports were found for this task. The task may not exist, or it may not have completed yet.";
    Reply { status: 404, body: Body::Json(Value::from(why)) }
}

impl Tasks {
    /// `{task, status}` of a task.
    pub async fn status(&self, id: &str) -> Reply {
        match self.find(id).await {
            Ok(Some(task)) => {
                let mut status = self.status_of(&task, NEVER);
                let ended_ms = self.context.clock.now_ms().saturating_sub(task.updated_at);
                let is_being_killed = task.duration_ms < 0 && ended_ms < JUST_ENDED_MS;
                if task.status != TaskStatus::Running {
                    status["runnerStatusCode"] = Value::from(if is_being_killed { "RUNNING" } else { "WAITING" });
                }
                Reply::json(json!({"task": id, "status": status}))
            }
            Ok(None) => unknown(id),
            Err(reply) => reply,
        }
    }

    /// `{task, payload}`: the task as submitted, with its defaults.
    pub async fn payload(&self, id: &str) -> Reply {
        match self.find(id).await {
            Ok(Some(task)) => {
                let payload: Value = serde_json::from_str(&task.payload).unwrap_or(Value::String(task.payload));
                Reply::json(json!({"task": id, "payload": payload}))
            }
            Ok(None) => unknown(id),
            Err(reply) => reply,
        }
    }

    /// The report, live while the task runs.
    pub async fn report(&self, id: &str) -> Reply {
        let task = match self.find(id).await {
            Ok(Some(task)) => task,
            Ok(None) => return unknown(id),
            Err(reply) => return reply,
        };
        if let Some(report) = task.report.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
            return Reply::json(report);
        }
        match self.active(id) {
            Some(active) if active.is_running && task.status == TaskStatus::Running => {
                active.kind.report(&active.run).map_or_else(no_report, Reply::json)
            }
            _ => no_report(),
        }
    }

    /// The log from a byte on; a negative offset counts from the end.
    pub async fn log(&self, id: &str, offset: i64) -> Reply {
        let task = match self.find(id).await {
            Ok(Some(task)) => task,
            Ok(None) => return unknown(id),
            Err(reply) => return reply,
        };
        let text = match self.active(id) {
            Some(active) => active.is_running.then(|| active.run.log_text()),
            None => match &task.log_location {
                Some(path) => {
                    let bytes = self.context.storage.get(path, 64 << 20).await.ok();
                    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                }
                None => None,
            },
        };
        let Some(text) = text else {
            let why = "No log was found for this task. The task may not exist, or it may not have begun running yet.";
            return Reply { status: 404, body: Body::Text(why.to_owned()) };
        };
        let skip = match usize::try_from(offset) {
            Ok(from_start) => from_start.min(text.len()),
            Err(_) => text.len().saturating_sub(usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX)),
        };
        let skip = (skip..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        Reply { status: 200, body: Body::Text(text[skip..].to_owned()) }
    }

    /// Tasks that match, running ones first, then newest first.
    pub async fn list(&self, filter: &TaskListFilter) -> Reply {
        match self.listed(filter).await {
            Ok(tasks) => Reply::json(Value::Array(tasks)),
            Err(reply) => reply,
        }
    }

    async fn listed(&self, filter: &TaskListFilter) -> Result<Vec<Value>, Reply> {
        let state = filter.state.as_deref().map(str::to_ascii_lowercase);
        let is_complete = match state.as_deref() {
            None => None,
            Some("complete") => Some(true),
            Some("pending" | "waiting" | "running") => Some(false),
            Some(_) => {
                let given = filter.state.as_deref().unwrap_or_default();
                let why = format!("Invalid task state[{given}]. Must be one of [pending, waiting, running, complete].");
                return Err(Reply { status: 400, body: Body::Text(why) });
            }
        };
        let created_from = match &filter.created_time_interval {
            None => None,
            Some(text) => match Interval::parse(&text.replacen('_', "/", 1)) {
                Ok(interval) => Some(interval.start),
                Err(error) => return Err(Error::invalid("createdTimeInterval", error.to_string()).into()),
            },
        };
        let wanted = TaskFilter {
            datasource: filter.datasource.clone(),
            task_type: filter.task_type.clone(),
            status: None,
            is_complete,
            created_from: created_from.filter(|_| is_complete != Some(false)),
            limit: Some(filter.max.unwrap_or(MAX_LISTED).min(MAX_LISTED)),
        };
        let mut tasks = self.context.metastore.tasks(&wanted).await.map_err(unavailable)?;
        tasks.sort_by_key(|task| task.status != TaskStatus::Running);
        let shown = tasks.iter().map(|task| {
            let queued =
                if task.status == TaskStatus::Running { instant::text(task.created_at) } else { NEVER.to_owned() };
            self.status_of(task, &queued)
        });
        let in_state = |status: &Value| match state.as_deref() {
            Some("pending") => status["runnerStatusCode"] == "PENDING",
            Some("waiting") => status["runnerStatusCode"] == "WAITING",
            Some("running") => status["runnerStatusCode"] == "RUNNING",
            _ => true,
        };
        Ok(shown.filter(in_state).collect())
    }

    /// `POST /taskStatus`: the states of those tasks that exist, by id.
    pub async fn statuses(&self, ids: &[String]) -> Reply {
        let mut out = Map::new();
        for id in ids.iter().take(MAX_LISTED as usize) {
            match self.find(id).await {
                Ok(Some(task)) => {
                    let status = self.status_of(&task, NEVER);
                    out.insert(
                        id.clone(),
                        json!({
                            "id": id, "status": status["status"], "duration": status["duration"],
                            "errorMsg": status["errorMsg"], "location": status["location"],
                        }),
                    );
                }
                Ok(None) => {}
                Err(reply) => return reply,
            }
        }
        Reply::json(Value::Object(out))
    }

    /// Intervals that tasks hold, by datasource.
    pub async fn locks(&self, datasource: Option<&str>) -> Reply {
        let locks = match self.context.metastore.locks(datasource).await {
            Ok(locks) => locks,
            Err(error) => return unavailable(error).into(),
        };
        let mut out = Map::new();
        for lock in locks {
            let interval = Interval { start: lock.start, end: lock.end }.to_string();
            if let Value::Array(list) = out.entry(lock.datasource).or_insert_with(|| json!([])) {
                list.push(Value::from(interval));
            }
        }
        Reply::json(Value::Object(out))
    }

    fn status_of(&self, task: &Task, queued: &str) -> Value {
        let place = self.active(&task.task_id);
        let runner = match (task.status, place) {
            (TaskStatus::Running, Some(active)) if !active.is_running => "PENDING",
            (TaskStatus::Running, _) => "RUNNING",
            (_, Some(_)) => "RUNNING",
            _ => "NONE",
        };
        let location = match runner {
            "PENDING" => json!({"host": null, "port": -1, "tlsPort": -1}),
            _ => json!({"host": self.context.host, "port": self.context.port, "tlsPort": -1}),
        };
        json!({
            "id": task.task_id, "groupId": task.group_id, "type": task.task_type,
            "createdTime": instant::text(task.created_at), "queueInsertionTime": queued,
            "statusCode": task.status.as_str(), "status": task.status.as_str(), "runnerStatusCode": runner,
            "duration": task.duration_ms, "location": location, "dataSource": task.datasource,
            "errorMsg": task.error,
        })
    }
}
