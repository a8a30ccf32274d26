//! The overlord's API: supervisors, tasks, the sampler, and segments put in and out of use.

mod marks;
mod misc;
mod reply;
mod sampler;
mod supervisors;
mod tasks;

pub use reply::http;

use super::error::ApiError;
use crate::context::{EventPath, NodeContext};
use axum::Router;
use axum::http::StatusCode;
use std::sync::Arc;

const BASE: &str = "/druid/indexer/v1";

pub fn routes(node: Arc<NodeContext>) -> Router {
    let families = [supervisors::routes(), tasks::routes(), sampler::routes(), marks::routes(), misc::routes()];
    let all = families.into_iter().fold(Router::new(), Router::merge);
    Router::new().nest(BASE, all).merge(marks::coordinator_routes()).with_state(node)
}

/// What reads and loads in this process; 503 where no role does.
pub fn event_path(node: &NodeContext) -> Result<&EventPath, ApiError> {
    let absent = || ApiError::message(StatusCode::SERVICE_UNAVAILABLE, "no process of role ingest is reachable");
    node.event_path().ok_or_else(absent)
}
