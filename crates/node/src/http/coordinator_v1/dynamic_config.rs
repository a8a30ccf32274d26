//! The coordinator's dynamic configuration: kept for clients that set it.

use super::facts;
use crate::context::NodeContext;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

const KEY: &str = "coordinator/coordinator.config";

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/config", get(read).post(write)).route("/config/history", get(history))
}

fn defaults() -> Value {
    json!({
        "markSegmentAsUnusedDelayMillis": 900_000,
        "maxSegmentsToMove": 100,
        "replicantLifetime": 15,
        "replicationThrottleLimit": 500,
        "balancerComputeThreads": 1,
        "killDataSourceWhitelist": [],
        "killPendingSegmentsSkipList": [],
        "maxSegmentsInNodeLoadingQueue": 500,
        "decommissioningNodes": [],
        "pauseCoordination": false,
        "replicateAfterLoadTimeout": false,
        "useRoundRobinSegmentAssignment": true,
        "smartSegmentLoading": true,
    })
}

async fn read(State(node): Node) -> Result<Response, ApiError> {
    let mut config = defaults();
    if let Some(Value::Object(set)) = facts::read(&node, KEY).await? {
        set.into_iter().for_each(|(key, value)| config[key] = value);
    }
    Ok(respond::json(&config))
}

async fn write(State(node): Node, headers: HeaderMap, body: Body) -> Result<StatusCode, ApiError> {
    let config = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    if !config.is_object() {
        return Err(ApiError::message(StatusCode::BAD_REQUEST, "the configuration must be an object"));
    }
    facts::write(&node, KEY, Some(&config), &headers).await?;
    Ok(StatusCode::OK)
}

async fn history(
    State(node): Node,
    Parameters(asked): Parameters<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    Ok(respond::json(&Value::Array(facts::history(&node, KEY, "coordinator.config", &asked).await?)))
}
