//! Answers queries.

use super::Role;
use crate::context::{NodeContext, StartError};
use crate::http::{candidates, datasources, lookups, native_query, sql};
use crate::task_set::{Stage, TaskSet};
use async_trait::async_trait;
use axum::Router;
use std::sync::Arc;

pub struct Broker;

#[async_trait]
impl Role for Broker {
    fn name(&self) -> &'static str {
        "broker"
    }

    async fn start(&self, node: &Arc<NodeContext>, tasks: &mut TaskSet) -> Result<Router, StartError> {
        let lookups = Arc::clone(&node.lookups);
        // Queries of the first moment should find what is registered.
        if let Err(error) = lookups.refresh().await {
            tracing::warn!(%error, "lookups cannot be read yet");
        }
        tasks.spawn("lookups", Stage::Serve, |stop| async move {
            lookups.run(stop).await;
            Ok(())
        });
        Ok(native_query::routes(Arc::clone(node))
            .merge(candidates::routes(Arc::clone(node)))
            .merge(datasources::routes(Arc::clone(node)))
            .merge(lookups::routes(Arc::clone(node)))
            .merge(sql::routes()))
    }
}
