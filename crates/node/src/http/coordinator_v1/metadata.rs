//! Segments as the facts have them, whether served yet or not.

use super::facts::unavailable;
use super::summary;
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/metadata/datasources", get(datasources))
        .route("/metadata/datasources/{name}", get(datasource))
        .route("/metadata/datasources/{name}/segments", get(segments))
        .route("/metadata/datasources/{name}/segments/{id}", get(segment))
        .route("/metadata/segments", get(all))
}

async fn datasources(State(node): Node, Parameters(asked): Asked) -> Result<Response, ApiError> {
    if asked.contains_key("full") {
        let entries = summary::all(&node).iter().map(|view| summary::full(view)).collect();
        return Ok(respond::json(&Value::Array(entries)));
    }
    if asked.contains_key("includeUnused") {
        let known = node.metastore.datasources().await.map_err(unavailable)?;
        return Ok(respond::json(&json!(known.iter().map(|known| &known.name).collect::<Vec<_>>())));
    }
    let names: Vec<String> = summary::all(&node).iter().map(|view| view.datasource.clone()).collect();
    Ok(respond::json(&json!(names)))
}

async fn datasource(State(node): Node, Path(name): Path<String>) -> Response {
    match summary::known(&node, &name) {
        Some(view) => respond::json(&summary::full(&view)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn segments(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    let Some(view) = summary::known(&node, &name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let entries = view.sealed.iter().map(|sealed| match asked.contains_key("full") {
        true => summary::segment(sealed),
        false => json!(sealed.record.id().to_string()),
    });
    respond::json(&Value::Array(entries.collect()))
}

async fn segment(State(node): Node, Path((name, id)): Path<(String, String)>) -> Response {
    let view = summary::known(&node, &name);
    let found = view.as_ref().and_then(|view| view.sealed.iter().find(|sealed| sealed.record.id().to_string() == id));
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |sealed| respond::json(&summary::segment(sealed)))
}

/// `datasources` may be given several times.
async fn all(State(node): Node, RawQuery(raw): RawQuery) -> Response {
    let raw = raw.unwrap_or_default();
    let asked: Vec<&str> = raw.split('&').filter_map(|pair| pair.strip_prefix("datasources=")).collect();
    let with_status = raw.contains("includeOvershadowedStatus");
    let mut entries = Vec::new();
    for view in summary::all(&node) {
        if !asked.is_empty() && !asked.contains(&view.datasource.as_str()) {
            continue;
        }
        entries.extend(view.sealed.iter().map(|sealed| {
            let mut entry = summary::segment(sealed);
            if with_status {
                entry["overshadowed"] = json!(false);
                entry["replicationFactor"] = json!(1);
                entry["numRows"] = json!(sealed.record.rows);
            }
            entry
        }));
    }
    respond::json(&Value::Array(entries))
}
