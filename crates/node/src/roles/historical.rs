//! Holds sealed segments and keeps the views of this process up to date.

use super::Role;
use crate::context::{NodeContext, StartError};
use crate::http::readiness;
use crate::task_set::{Stage, TaskSet};
use async_trait::async_trait;
use axum::Router;
use cluster::Binding;
use std::sync::Arc;

/// Bytes of memory for each byte of segments that are bound at a time: rows on their way into an image take some twelve
/// times what they take in a file.
const BINDING_SHARE: u64 = 64;

pub struct Historical;

#[async_trait]
impl Role for Historical {
    fn name(&self) -> &'static str {
        "historical"
    }

    async fn start(&self, node: &Arc<NodeContext>, tasks: &mut TaskSet) -> Result<Router, StartError> {
        let (serving, changed) = (Arc::clone(&node.serving), node.metastore.changed());
        tasks.spawn("views", Stage::Serve, |stop| async move {
            serving.run(changed, stop).await;
            Ok(())
        });
        if let Some(settled_ms) = node.config.storage.volumes_after_ms() {
            let binding = Binding::default();
            let max_bytes = binding.max_bytes.min(i64::try_from(node.memory_limit / BINDING_SHARE).unwrap_or(i64::MAX));
            let binding = Binding { settled_ms, max_bytes, ..binding };
            let binder = node.serving.binder(Arc::clone(&node.clock), binding);
            tasks.spawn("volumes", Stage::Serve, |stop| async move {
                binder.run(stop).await;
                Ok(())
            });
        }
        Ok(readiness::routes(Arc::clone(node)))
    }
}
