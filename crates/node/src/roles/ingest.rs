//! Reads topics and runs tasks.

use super::Role;
use crate::context::{EventPath, NodeContext, StartError};
use crate::task_set::{Stage, TaskSet};
use ::ingest::tasks::{Reach, StreamSamples, TaskContext};
use ::ingest::{Compactor, Supervisors, Tasks, Tiers};
use async_trait::async_trait;
use axum::Router;
use metastore::{Metastore, TaskFilter};
use std::sync::Arc;
use std::time::Duration;

/// How long what was read may take to be published when the process ends.
pub const DRAIN: Duration = Duration::from_secs(25);

/// The type of the tasks that supervisors show; these end with their supervisor.
const STREAM_TASK: &str = "index_kafka";

pub struct Ingest;

#[async_trait]
impl Role for Ingest {
    fn name(&self) -> &'static str {
        "ingest"
    }

    async fn start(&self, node: &Arc<NodeContext>, tasks: &mut TaskSet) -> Result<Router, StartError> {
        let supervisors = Supervisors::start(node.ingest.clone()).await?;
        let batch = Tasks::new(task_context(node));
        batch.recover().await?;
        node.set_event_path(EventPath {
            supervisors: Arc::clone(&supervisors),
            tasks: Arc::clone(&batch),
            task_context: Arc::new(task_context(node)),
            streams: StreamSamples {
                connect: node.ingest.connect.clone(),
                property_policy: node.ingest.property_policy.clone(),
                environment: node.ingest.environment.clone(),
            },
        });
        let compactor = Arc::new(Compactor::new(node.ingest.clone(), Tiers::default()));
        tasks.spawn("compaction", Stage::Ingest, |stop| async move {
            compactor.run(stop).await;
            Ok(())
        });
        let metastore = Arc::clone(&node.metastore);
        tasks.spawn("supervisors and tasks", Stage::Ingest, |stop| async move {
            stop.cancelled().await;
            stop_tasks(&metastore, &batch).await;
            supervisors.drain(DRAIN).await;
            Ok(())
        });
        Ok(Router::new())
    }
}

/// Batch tasks that still run end as failed and leave nothing behind.
async fn stop_tasks(metastore: &Arc<dyn Metastore>, batch: &Tasks) {
    let filter = TaskFilter { is_complete: Some(false), ..TaskFilter::default() };
    match metastore.tasks(&filter).await {
        Ok(tasks) => {
            for task in tasks.iter().filter(|task| task.task_type != STREAM_TASK) {
                batch.shutdown(&task.task_id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "running tasks could not be told to stop"),
    }
}

fn task_context(node: &NodeContext) -> TaskContext {
    TaskContext {
        metastore: Arc::clone(&node.metastore),
        storage: node.storage.clone(),
        images: node.ingest.images.clone(),
        handoff: node.serving.clone(),
        disk: Arc::clone(&node.disk),
        clock: Arc::clone(&node.clock),
        random: Arc::clone(&node.random),
        runtime: tokio::runtime::Handle::current(),
        reach: Reach {
            allowed_directories: node.config.ingest.allowed_directories.clone(),
            allowed_origins: node.config.ingest.allowed_origins.clone(),
        },
        max_running: node.config.ingest.task_slots,
        node: node.name.id.clone(),
        host: node.name.host.clone(),
        port: node.name.port,
        aggregators: expression::AGGREGATORS,
    }
}
