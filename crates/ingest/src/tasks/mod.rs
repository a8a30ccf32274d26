//! Batch tasks: submitted as JSON, run on plain threads, told of as Druid's overlord does.

mod batch;
mod context;
mod input;
mod kinds;
mod run;
mod sampled;
mod sampler;
mod show;
mod stream_samples;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use hashbrown::HashMap;
use metastore::{CreateTask, Outcome, Task, TaskFilter, TaskStatus, UpdateTask};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use timeline::instant;

pub use context::TaskContext;
pub use input::{InputFile, Reach, input_files};
pub use sampler::{SampleRecord, SampleSource, sample};
pub use show::TaskListFilter;
pub use stream_samples::StreamSamples;

use kinds::{TaskKind, parse_task};
use run::TaskRun;

use crate::spec::fields::Fields;
use crate::{Body, Error, Reply, Result};

/// Tasks that wait for a thread.
const MAX_WAITING: usize = 1_000;

/// Context that every task has unless it says otherwise.
pub(crate) fn default_context() -> Value {
    json!({"forceTimeChunkLock": true, "useLineageBasedSegmentAllocation": true})
}

/// The batch tasks of one process.
pub struct Tasks {
    context: Arc<TaskContext>,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Active>,
    /// Tasks waiting and running, by id.
    active: HashMap<String, Active>,
    threads: usize,
}

/// A task that has not ended.
#[derive(Clone)]
struct Active {
    run: Arc<TaskRun>,
    kind: Arc<dyn TaskKind>,
    /// Whether it has a thread.
    is_running: bool,
}

impl Tasks {
    /// Tasks over `context`. Tasks that an earlier life of this process left running are failed by
    /// [`Tasks::recover`].
    pub fn new(context: TaskContext) -> Arc<Tasks> {
        if let Err(error) = batch::Scratch::clear(&*context.disk) {
            tracing::warn!(%error, "files of earlier tasks could not be removed");
        }
        Arc::new(Tasks { context: Arc::new(context), queue: Mutex::default() })
    }

    /// Fails the batch tasks that were running when the process stopped.
    pub async fn recover(&self) -> Result<()> {
        let filter = TaskFilter { is_complete: Some(false), ..TaskFilter::default() };
        for task in self.context.metastore.tasks(&filter).await.map_err(unavailable)? {
            if kinds::KINDS.iter().any(|kind| kind.tag == task.task_type) && !self.is_active(&task.task_id) {
                let error = Some("The process that ran the task has stopped".to_owned());
                self.end(&task.task_id, TaskStatus::Failed, None, None, error).await;
            }
        }
        Ok(())
    }

    /// Takes a task. Answers `{"task": id}`, beside it `ignored` where properties have no meaning here, or why
    /// it is refused.
    pub async fn submit(self: &Arc<Self>, json: &Value) -> Reply {
        match self.try_submit(json).await {
            Ok(answer) => Reply::json(answer),
            Err(refused) => refused,
        }
    }

    async fn try_submit(self: &Arc<Self>, json: &Value) -> Result<Value, Reply> {
        let (tag, kind) = parse_task(json, &self.context)?;
        let fields = Fields::of(json, "")?;
        let id = match fields.text("id")? {
            Some(id) => checked_id(id)?,
            None => self.new_id(tag, kind.datasource()),
        };
        if self.queue.lock().waiting.len() >= MAX_WAITING {
            let limit = MAX_WAITING as u64;
            return Err(Error::LimitExceeded { what: "number of waiting tasks".into(), found: limit, limit }.into());
        }
        let request = CreateTask {
            task_id: id.clone(),
            task_type: tag.to_owned(),
            group_id: fields.text("groupId")?.unwrap_or_else(|| id.clone()),
            datasource: kind.datasource().to_owned(),
            payload: payload(&id, tag, kind.as_ref(), &fields)?.to_string(),
        };
        match self.context.metastore.create_task(&request).await {
            Outcome::Done(_) | Outcome::AlreadyDone(_) => {}
            Outcome::Conflict(metastore::Conflict::Exists { .. }) => return Err(show::exists(&id)),
            other => {
                let refusal = other.into_result().err().map(|refusal| refusal.to_string()).unwrap_or_default();
                return Err(Error::Unavailable(refusal).into());
            }
        }
        let mut answer = json!({"task": id});
        if !kind.ignored().is_empty() {
            answer["ignored"] = json!(kind.ignored());
        }
        self.enqueue(id, kind.into());
        Ok(answer)
    }

    fn enqueue(self: &Arc<Self>, id: String, kind: Arc<dyn TaskKind>) {
        let run = Arc::new(TaskRun::new(id.clone(), self.context.clone()));
        let task = Active { run, kind, is_running: false };
        let mut queue = self.queue.lock();
        queue.active.insert(id, task.clone());
        queue.waiting.push_back(task);
        if queue.threads < self.context.max_running.max(1) {
            queue.threads += 1;
            let tasks = self.clone();
            let started = std::thread::Builder::new().name("task".to_owned()).spawn(move || tasks.work());
            if started.is_err() {
                queue.threads -= 1;
            }
        }
    }

    /// Runs waiting tasks until there are none.
    fn work(&self) {
        loop {
            let next = {
                let mut queue = self.queue.lock();
                let next = queue.waiting.pop_front();
                match &next {
                    Some(task) => {
                        if let Some(active) = queue.active.get_mut(task.run.id()) {
                            active.is_running = true;
                        }
                    }
                    None => queue.threads -= 1,
                }
                next
            };
            match next {
                Some(Active { run, kind, .. }) => self.perform(&run, kind.as_ref()),
                None => return,
            }
        }
    }

    fn perform(&self, run: &TaskRun, kind: &dyn TaskKind) {
        let worked = catch_unwind(AssertUnwindSafe(|| run.check().and_then(|()| kind.run(run))));
        let outcome = worked.unwrap_or_else(|_| Err(Error::Internal("the task panicked".to_owned())));
        run.finish(&outcome);
        run.log(&format!("{outcome:?}"));
        let report = kind.report(run).map(|report| report.to_string());
        let (status, error) = match &outcome {
            Ok(_) => (TaskStatus::Success, None),
            Err(error) => (TaskStatus::Failed, Some(error.to_string())),
        };
        let cancelled = matches!(outcome, Err(Error::Cancelled(_)));
        let duration = (!cancelled).then(|| run.duration_ms());
        run.wait(async {
            self.keep_log(run).await;
            self.end(run.id(), status, duration, report, error).await;
        });
        self.queue.lock().active.remove(run.id());
    }

    async fn keep_log(&self, run: &TaskRun) {
        let path = storage::layout::task_log(run.id());
        if let Err(error) = self.context.storage.put(&path, run.log_text().into()).await {
            tracing::warn!(task = run.id(), %error, "the log of a task was not kept");
        }
    }

    async fn end(
        &self,
        id: &str,
        status: TaskStatus,
        duration_ms: Option<i64>,
        report: Option<String>,
        error: Option<String>,
    ) {
        let log_location = Some(storage::layout::task_log(id));
        let request = UpdateTask { task_id: id.to_owned(), status, duration_ms, report, error, log_location };
        for _ in 0..100 {
            match self.context.metastore.update_task(&request).await {
                Outcome::Unavailable(_) => tokio::time::sleep(std::time::Duration::from_millis(200)).await,
                _ => return,
            }
        }
        tracing::error!(task = id, "the end of a task could not be recorded");
    }

    fn is_active(&self, id: &str) -> bool {
        self.queue.lock().active.contains_key(id)
    }

    fn active(&self, id: &str) -> Option<Active> {
        self.queue.lock().active.get(id).cloned()
    }

    /// Asks a task to stop; one that has ended stays as it is.
    pub async fn shutdown(&self, id: &str) -> Reply {
        let Some(_) = (match self.find(id).await {
            Ok(task) => task,
            Err(reply) => return reply,
        }) else {
            return show::unknown(id);
        };
        if let Some(task) = self.active(id) {
            task.run.cancel();
            let error = Some("Shutdown request from user".to_owned());
            self.end(id, TaskStatus::Failed, None, None, error).await;
        }
        Reply::json(json!({"task": id}))
    }

    /// Asks all tasks of a datasource to stop.
    pub async fn shutdown_all(&self, datasource: &str) -> Reply {
        let filter =
            TaskFilter { datasource: Some(datasource.to_owned()), is_complete: Some(false), ..TaskFilter::default() };
        let tasks = match self.context.metastore.tasks(&filter).await {
            Ok(tasks) => tasks,
            Err(error) => return unavailable(error).into(),
        };
        if tasks.is_empty() {
            return Reply { status: 404, body: Body::Empty };
        }
        for task in tasks {
            self.shutdown(&task.task_id).await;
        }
        Reply::json(json!({"dataSource": datasource}))
    }

    async fn find(&self, id: &str) -> Result<Option<Task>, Reply> {
        self.context.metastore.task(id).await.map_err(|error| unavailable(error).into())
    }

    /// `<type>_<datasource>_<8 letters>_<time>`.
    fn new_id(&self, tag: &str, datasource: &str) -> String {
        let mut chance = self.context.random.next_u64();
        let mut letters = String::with_capacity(8);
        for _ in 0..8 {
            letters.push(char::from(b'a' + (chance & 15) as u8));
            chance >>= 4;
        }
        format!("{tag}_{datasource}_{letters}_{}", instant::text(self.context.clock.now_ms()))
    }
}

fn checked_id(id: String) -> Result<String, Reply> {
    if id.is_empty() || id.len() > 512 || id.contains(['/', '\\']) || id.chars().any(char::is_control) {
        return Err(Error::invalid("id", "must be a plain text of 1 to 512 bytes without slashes").into());
    }
    Ok(id)
}

/// The task as it is shown: with an id and all defaults.
fn payload(id: &str, tag: &str, kind: &dyn TaskKind, fields: &Fields<'_>) -> Result<Value> {
    let mut out = Map::new();
    out.insert("type".into(), tag.into());
    out.insert("id".into(), id.into());
    out.insert("groupId".into(), fields.text("groupId")?.unwrap_or_else(|| id.to_owned()).into());
    out.insert("resource".into(), json!({"availabilityGroup": id, "requiredCapacity": 1}));
    out.extend(kind.to_json());
    let mut context = kind.context(id);
    if let (Some(Value::Object(given)), Some(map)) = (fields.get("context"), context.as_object_mut()) {
        map.extend(given.clone());
    }
    out.insert("context".into(), context);
    out.insert("dataSource".into(), kind.datasource().into());
    Ok(Value::Object(out))
}

fn unavailable(error: metastore::Error) -> Error {
    Error::Unavailable(error.to_string())
}
