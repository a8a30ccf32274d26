//! Answers queries.

use super::Role;
use crate::context::{NodeContext, StartError};
use crate::http::{candidates, datasources, native_query, sql};
use crate::task_set::TaskSet;
use async_trait::async_trait;
use axum::Router;
use std::sync::Arc;

pub struct Broker;

#[async_trait]
impl Role for Broker {
    fn name(&self) -> &'static str {
        "broker"
    }

    async fn start(&self, node: &Arc<NodeContext>, _: &mut TaskSet) -> Result<Router, StartError> {
        Ok(native_query::routes(Arc::clone(node))
            .merge(candidates::routes(Arc::clone(node)))
            .merge(datasources::routes(Arc::clone(node)))
            .merge(sql::routes()))
    }
}
