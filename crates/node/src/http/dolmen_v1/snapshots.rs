//! Snapshots of a datasource: which change made which.

use super::{limit, unavailable};
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/datasources/{name}/snapshots", get(snapshots))
}

async fn snapshots(
    State(node): Node,
    Path(name): Path<String>,
    Parameters(asked): Parameters<HashMap<String, String>>,
) -> Result<Response, ApiError> {
    let limit = limit(&asked)?;
    let datasource = node.metastore.datasource(&name).await.map_err(unavailable)?;
    let missing = || ApiError::message(StatusCode::NOT_FOUND, format!("there is no datasource [{name}]"));
    let datasource = datasource.ok_or_else(missing)?;
    let rows = node.metastore.snapshots(&datasource.datasource_id, limit).await.map_err(unavailable)?;
    let entries = rows.iter().map(|row| json!({"number": row.number, "kind": row.kind, "by": row.by, "at": row.at}));
    Ok(respond::json(&Value::Array(entries.collect())))
}
