//! Queries that run, limits, and covers that were too long for a header.

use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/covers/{id}", get(covers)).route("/queries", get(running)).route("/limits", get(limits))
}

async fn covers(State(node): Node, Path(id): Path<String>) -> Result<Response, ApiError> {
    match node.covers.read(&id, node.clock.monotonic_ms()) {
        Some(text) => Ok(respond::bytes(StatusCode::OK, text.into_bytes())),
        None => Err(ApiError::message(StatusCode::NOT_FOUND, format!("no covers of query [{id}] are kept"))),
    }
}

async fn running(State(node): Node) -> Response {
    respond::json(&json!(node.running.ids()))
}

async fn limits(State(node): Node) -> Response {
    respond::json(&node.limits_shown())
}
