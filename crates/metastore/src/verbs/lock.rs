use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Task, TaskLock, TaskStatus};
use crate::store::{Context, Verb};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, invalid, missing, outcome};
use crate::{Outcome, Result};

/// Show which intervals a running task works on; replaces what was shown before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetLocks {
    pub task_id: String,
    pub locks: Vec<TaskLock>,
}

impl SetLocks {
    async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<()>> {
        let task: Option<Task> = tx.one(Filter::all().eq_text("task_id", &self.task_id)).await?;
        let task = task.ok_or_else(|| missing("task", &self.task_id))?;
        if task.status != TaskStatus::Running {
            return Err(invalid("task_id", "the task has ended"));
        }
        if self.locks.iter().any(|lock| lock.task_id != self.task_id) {
            return Err(invalid("locks", "one is of another task"));
        }
        tx.remove::<TaskLock>(Filter::all().eq_text("task_id", &self.task_id)).await?;
        tx.add(&self.locks).await?;
        Ok(Outcome::Done(()))
    }
}

#[async_trait]
impl Verb for SetLocks {
    type Output = ();

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<()>> {
        outcome(self.guarded(tx).await)
    }
}
