//! Answers for the facts: datasources, segments, rules, supervisors, tasks.

use super::Role;
use crate::context::{NodeContext, StartError};
use crate::http::{coordinator_v1, dolmen_v1, indexer_v1};
use crate::task_set::TaskSet;
use async_trait::async_trait;
use axum::Router;
use std::sync::Arc;

pub struct Coordinator;

#[async_trait]
impl Role for Coordinator {
    fn name(&self) -> &'static str {
        "coordinator"
    }

    async fn start(&self, node: &Arc<NodeContext>, _: &mut TaskSet) -> Result<Router, StartError> {
        Ok(coordinator_v1::routes(Arc::clone(node))
            .merge(indexer_v1::routes(Arc::clone(node)))
            .merge(dolmen_v1::routes(Arc::clone(node))))
    }
}
