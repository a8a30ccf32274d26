//! Lookups as queries see them: their contents, for whoever wonders.

use super::error::ApiError;
use super::respond;
use crate::context::NodeContext;
use crate::lookups::Loaded;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

const BASE: &str = "/druid/v1/lookups/introspect/{name}";

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new()
        .route(BASE, get(entries))
        .route(&format!("{BASE}/keys"), get(keys))
        .route(&format!("{BASE}/values"), get(values))
        .route(&format!("{BASE}/version"), get(version))
        .with_state(node)
}

fn find(node: &NodeContext, name: &str) -> Result<Loaded, ApiError> {
    node.lookups
        .get(name)
        .ok_or_else(|| ApiError::message(StatusCode::NOT_FOUND, format!("lookup [{name}] is not loaded")))
}

async fn entries(State(node): Node, Path(name): Path<String>) -> Result<Response, ApiError> {
    let lookup = find(&node, &name)?.lookup;
    let map: Map<String, Value> = lookup.iter().map(|(key, value)| (key.to_string(), json!(value))).collect();
    Ok(respond::json(&Value::Object(map)))
}

async fn keys(State(node): Node, Path(name): Path<String>) -> Result<Response, ApiError> {
    let lookup = find(&node, &name)?.lookup;
    Ok(respond::json(&lookup.iter().map(|(key, _)| json!(key)).collect()))
}

async fn values(State(node): Node, Path(name): Path<String>) -> Result<Response, ApiError> {
    let lookup = find(&node, &name)?.lookup;
    Ok(respond::json(&lookup.iter().map(|(_, value)| json!(value)).collect()))
}

async fn version(State(node): Node, Path(name): Path<String>) -> Result<Response, ApiError> {
    Ok(respond::json(&json!({"version": find(&node, &name)?.version})))
}
