//! Holds sealed segments and keeps the views of this process up to date.

use super::Role;
use crate::context::{NodeContext, StartError};
use crate::http::readiness;
use crate::task_set::{Stage, TaskSet};
use async_trait::async_trait;
use axum::Router;
use std::sync::Arc;

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
        Ok(readiness::routes(Arc::clone(node)))
    }
}
