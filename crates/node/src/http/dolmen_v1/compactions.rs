//! Merges of small segments that are under way.

use crate::context::NodeContext;
use crate::http::respond;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use ingest::RunningMerge;
use serde_json::{Value, json};
use std::sync::Arc;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/compactions", get(compactions))
}

async fn compactions(State(node): State<Arc<NodeContext>>) -> Response {
    respond::json(&Value::Array(node.ingest.metrics.merges.list().iter().map(entry).collect()))
}

fn entry(merge: &RunningMerge) -> Value {
    json!({
        "dataSource": merge.datasource,
        "interval": merge.interval.to_string(),
        "segments": merge.num_segments,
        "rows": merge.rows,
        "bytes": merge.bytes,
        "startedAt": merge.started_ms,
    })
}
