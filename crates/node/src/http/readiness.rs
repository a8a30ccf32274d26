//! Whether this process serves what it should.

use super::respond;
use crate::context::NodeContext;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new()
        .route("/druid/broker/v1/loadstatus", get(broker_loaded))
        .route("/druid/broker/v1/readiness", get(ready))
        .route("/druid/historical/v1/loadstatus", get(historical_loaded))
        .route("/druid/historical/v1/readiness", get(ready))
        .with_state(node)
}

async fn broker_loaded(State(node): Node) -> Response {
    respond::json(&json!({"inventoryInitialized": node.serving.is_loaded()}))
}

async fn historical_loaded(State(node): Node) -> Response {
    respond::json(&json!({"cacheInitialized": node.serving.is_loaded()}))
}

async fn ready(State(node): Node) -> StatusCode {
    if node.serving.is_loaded() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
