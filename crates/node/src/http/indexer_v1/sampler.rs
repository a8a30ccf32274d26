//! What a spec would make of the first rows.

use super::event_path;
use super::reply::http;
use crate::context::NodeContext;
use crate::http::body;
use crate::http::error::ApiError;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::post;
use ingest::tasks::sample as sample_of;
use std::sync::Arc;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/sampler", post(sample))
}

async fn sample(State(node): State<Arc<NodeContext>>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let spec = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    let path = event_path(&node)?;
    Ok(http(sample_of(Arc::clone(&path.task_context), &path.streams, &spec).await))
}
