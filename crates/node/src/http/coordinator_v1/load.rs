//! What is served of what should be, and who leads.

use super::summary;
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use timeline::Interval;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

const TWO_WEEKS_MS: i64 = 14 * 24 * 3_600_000;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/leader", get(leader))
        .route("/isLeader", get(|| async { respond::json(&json!({"leader": true})) }))
        .route("/loadstatus", get(status))
        .route("/loadqueue", get(queue))
        .route("/datasources/{name}/loadstatus", get(of_one))
}

async fn leader(State(node): Node) -> Response {
    respond::text(format!("http://{}:{}", node.name.host, node.name.port))
}

/// A view holds only what can be served, so everything that is listed is loaded.
async fn status(State(node): Node, Parameters(asked): Asked) -> Response {
    let names = summary::all(&node).into_iter().map(|view| view.datasource.clone());
    let value = match () {
        () if asked.contains_key("full") => {
            json!({summary::TIER: names.map(|name| (name, json!(0))).collect::<Map<_, _>>()})
        }
        () if asked.contains_key("simple") => Value::Object(names.map(|name| (name, json!(0))).collect()),
        () => Value::Object(names.map(|name| (name, json!(100.0))).collect()),
    };
    respond::json(&value)
}

async fn queue(State(node): Node, Parameters(asked): Asked) -> Response {
    let host = format!("{}:{}", node.name.host, node.name.port);
    let empty = if asked.contains_key("full") {
        json!({"segmentsToLoad": [], "segmentsToDrop": [], "segmentsMarkedToDrop": []})
    } else {
        json!({"segmentsToLoad": 0, "segmentsToDrop": 0, "segmentsToLoadSize": 0, "segmentsToDropSize": 0, "expectedLoadTimeMillis": 0})
    };
    respond::json(&json!({ host: empty }))
}

async fn of_one(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    if !asked.contains_key("forceMetadataRefresh") {
        let text = "Invalid request. forceMetadataRefresh must be specified";
        return Err(ApiError::text(StatusCode::BAD_REQUEST, text));
    }
    let Some(view) = summary::known(&node, &name) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let interval = match asked.get("interval") {
        Some(text) => summary::path_interval(text).map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))?,
        None => {
            let now = node.clock.now_ms();
            Interval { start: now - TWO_WEEKS_MS, end: now }
        }
    };
    if !view.sealed.iter().any(|sealed| sealed.record.interval().overlaps(&interval)) {
        return Ok(respond::json(&json!("No used segment found for the given datasource and interval")));
    }
    let value = match () {
        () if asked.contains_key("full") => json!({summary::TIER: {name: 0}}),
        () if asked.contains_key("simple") => json!({ name: 0 }),
        () => json!({ name: 100.0 }),
    };
    Ok(respond::json(&value))
}
