//! Reads topics and runs tasks.

use super::Role;
use crate::context::{EventPath, NodeContext, StartError};
use crate::task_set::{Stage, TaskSet};
use ::ingest::tasks::{Reach, TaskContext};
use ::ingest::{Supervisors, Tasks};
use async_trait::async_trait;
use axum::Router;
use std::sync::Arc;
use std::time::Duration;

/// How long what was read may take to be published when the process ends.
pub const DRAIN: Duration = Duration::from_secs(25);

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
        node.set_event_path(EventPath { supervisors: Arc::clone(&supervisors), tasks: Arc::clone(&batch) });
        tasks.spawn("supervisors and tasks", Stage::Ingest, |stop| async move {
            stop.cancelled().await;
            supervisors.drain(DRAIN).await;
            Ok(())
        });
        Ok(Router::new())
    }
}

fn task_context(node: &NodeContext) -> TaskContext {
    TaskContext {
        metastore: Arc::clone(&node.metastore),
        storage: node.storage.clone(),
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
        aggregators: &[],
    }
}
