use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Task, TaskLock, TaskStatus};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, audit, missing, outcome};
use crate::{Conflict, Outcome, Result};

/// Record a new task; an id that is there is refused. Key: the task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateTask {
    pub task_id: String,
    pub task_type: String,
    pub group_id: String,
    pub datasource: String,
    /// JSON text as submitted.
    pub payload: String,
}

impl CreateTask {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Task>> {
        let there: Option<Task> = tx.one(Filter::all().eq_text("task_id", &self.task_id)).await?;
        if there.is_some() {
            let (what, key) = ("task".to_owned(), self.task_id.clone());
            return Err(Conflict::Exists { what, key }.into());
        }
        let task = Task {
            task_id: self.task_id.clone(),
            task_type: self.task_type.clone(),
            group_id: self.group_id.clone(),
            datasource: self.datasource.clone(),
            created_at: tx.now,
            status: TaskStatus::Running,
            duration_ms: -1,
            payload: self.payload.clone(),
            report: None,
            error: None,
            log_location: None,
            updated_at: tx.now,
        };
        tx.add(std::slice::from_ref(&task)).await?;
        audit(tx, "create_task", &self.task_id, "", self.task_type.clone()).await?;
        Ok(Outcome::Done(task))
    }
}

#[async_trait]
impl Verb for CreateTask {
    type Output = Task;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Task>> {
        outcome(self.guarded(tx).await)
    }
}

/// Say what became of a task. A task ends once; its locks go with it. Absent fields stay as they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateTask {
    pub task_id: String,
    pub status: TaskStatus,
    pub duration_ms: Option<i64>,
    pub report: Option<String>,
    pub error: Option<String>,
    pub log_location: Option<String>,
}

impl UpdateTask {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Task>> {
        let task: Option<Task> = tx.one(Filter::all().eq_text("task_id", &self.task_id)).await?;
        let mut task = task.ok_or_else(|| missing("task", &self.task_id))?;
        if task.status != TaskStatus::Running {
            if task.status == self.status && self.error == task.error {
                return Ok(Outcome::AlreadyDone(task));
            }
            let (what, key) = ("end of task".to_owned(), self.task_id.clone());
            return Err(Conflict::Exists { what, key }.into());
        }
        task.status = self.status;
        task.duration_ms = self.duration_ms.unwrap_or(task.duration_ms);
        task.report = self.report.clone().or(task.report);
        task.error = self.error.clone().or(task.error);
        task.log_location = self.log_location.clone().or(task.log_location);
        task.updated_at = tx.now;
        tx.save(&task).await?;
        if task.status != TaskStatus::Running {
            tx.remove::<TaskLock>(Filter::all().eq_text("task_id", &self.task_id)).await?;
            audit(tx, "end_task", &self.task_id, "", task.status.as_str().to_owned()).await?;
        }
        Ok(Outcome::Done(task))
    }
}

#[async_trait]
impl Verb for UpdateTask {
    type Output = Task;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Task>> {
        outcome(self.guarded(tx).await)
    }
}
