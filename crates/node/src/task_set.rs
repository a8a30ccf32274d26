//! Long-lived work of the process: named tasks that end in a stated order, the first error first.

use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What a task ends with.
pub type TaskResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// When a task is told to stop: all tasks of one stage have ended before the next is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// No new requests.
    Doors,
    /// Everything that was read is published.
    Ingest,
    /// Nobody asks for rows any more.
    Serve,
    /// Facts are closed last.
    Metastore,
}

const STAGES: [Stage; 4] = [Stage::Doors, Stage::Ingest, Stage::Serve, Stage::Metastore];

struct Task {
    name: &'static str,
    stage: Stage,
    stop: CancellationToken,
    handle: JoinHandle<()>,
}

/// A task that ended in an error, or in a panic.
#[derive(Debug, thiserror::Error)]
#[error("{task}: {why}")]
pub struct Failure {
    pub task: &'static str,
    pub why: String,
}

/// Owns the tasks of a process.
pub struct TaskSet {
    tasks: Vec<Task>,
    failed: mpsc::UnboundedSender<Failure>,
    failures: mpsc::UnboundedReceiver<Failure>,
}

impl Default for TaskSet {
    fn default() -> Self {
        let (failed, failures) = mpsc::unbounded_channel();
        Self { tasks: Vec::new(), failed, failures }
    }
}

impl TaskSet {
    /// Starts a task. It is given a token that is cancelled when it should end.
    pub fn spawn<F>(&mut self, name: &'static str, stage: Stage, work: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let (future, failed) = (AssertUnwindSafe(work(stop.clone())), self.failed.clone());
        let handle = tokio::spawn(async move {
            let why = match future.catch_unwind().await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => error.to_string(),
                Err(panic) => format!("panic: {}", text_of(&*panic)),
            };
            tracing::error!(task = name, why, "a part of the process failed");
            // Nobody listens once the process drains.
            let _ = failed.send(Failure { task: name, why });
        });
        self.tasks.push(Task { name, stage, stop, handle });
    }

    /// Waits for the first task that fails; for ever when none does.
    pub async fn first_failure(&mut self) -> Failure {
        match self.failures.recv().await {
            Some(failure) => failure,
            None => std::future::pending().await,
        }
    }

    /// Stops stage after stage, each given `limit`; what does not end by then is cut off.
    pub async fn drain(mut self, limit: Duration) {
        for stage in STAGES {
            let (now, later): (Vec<Task>, Vec<Task>) = self.tasks.into_iter().partition(|task| task.stage == stage);
            self.tasks = later;
            now.iter().for_each(|task| task.stop.cancel());
            let end = tokio::time::Instant::now() + limit;
            for mut task in now {
                if tokio::time::timeout_at(end, &mut task.handle).await.is_err() {
                    tracing::warn!(task = task.name, "did not end in time");
                    task.handle.abort();
                }
            }
        }
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;

    #[tokio::test]
    async fn stages_end_in_order() {
        let (mut set, order) = (TaskSet::default(), Arc::new(Mutex::new(Vec::new())));
        for stage in [Stage::Metastore, Stage::Doors, Stage::Serve, Stage::Ingest] {
            let order = Arc::clone(&order);
            set.spawn("task", stage, |stop| async move {
                stop.cancelled().await;
                order.lock().push(stage);
                Ok(())
            });
        }
        set.drain(Duration::from_secs(5)).await;
        assert_eq!(*order.lock(), STAGES);
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_with_its_text() {
        let mut set = TaskSet::default();
        set.spawn("fragile", Stage::Serve, |_| async { panic!("on purpose") });
        let failure = set.first_failure().await;
        assert_eq!((failure.task, failure.why.as_str()), ("fragile", "panic: on purpose"));
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_holds_nobody_up() {
        let mut set = TaskSet::default();
        set.spawn("stubborn", Stage::Doors, |_| std::future::pending());
        set.drain(Duration::from_millis(10)).await;
    }
}
