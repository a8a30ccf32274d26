//! Who holds segments: this process.

use super::summary;
use crate::context::NodeContext;
use crate::http::candidates::server;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/servers", get(list))
        .route("/servers/{name}", get(one))
        .route("/servers/{name}/segments", get(segments))
        .route("/tiers", get(tiers))
        .route("/tiers/{name}", get(tier))
}

fn host(node: &NodeContext) -> String {
    format!("{}:{}", node.name.host, node.name.port)
}

async fn list(State(node): Node, Parameters(asked): Asked) -> Response {
    let value = match () {
        () if asked.contains_key("full") => full(&node),
        () if asked.contains_key("simple") => simple(&node),
        () => json!(host(&node)),
    };
    respond::json(&json!([value]))
}

fn simple(node: &NodeContext) -> Value {
    let size: i64 = summary::all(node).iter().flat_map(|view| &view.sealed).map(|sealed| sealed.record.size).sum();
    json!({
        "host": host(node),
        "tier": summary::TIER,
        "type": "historical",
        "priority": 0,
        "currSize": size,
        "maxSize": node.serving.capacity_bytes(),
    })
}

fn full(node: &NodeContext) -> Value {
    let mut server = server(node);
    let segments: Map<String, Value> = summary::all(node)
        .iter()
        .flat_map(|view| &view.sealed)
        .map(|sealed| (sealed.record.id().to_string(), summary::segment(sealed)))
        .collect();
    server["segments"] = Value::Object(segments);
    server
}

async fn one(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    if name != host(&node) {
        return StatusCode::NOT_FOUND.into_response();
    }
    respond::json(&if asked.contains_key("simple") { simple(&node) } else { full(&node) })
}

async fn segments(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    if name != host(&node) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let views = summary::all(&node);
    let entries = views.iter().flat_map(|view| &view.sealed).map(|sealed| match asked.contains_key("full") {
        true => summary::segment(sealed),
        false => json!(sealed.record.id().to_string()),
    });
    respond::json(&Value::Array(entries.collect()))
}

async fn tiers(State(node): Node, Parameters(asked): Asked) -> Response {
    if asked.contains_key("simple") {
        let simple = simple(&node);
        return respond::json(&json!({summary::TIER: {"currSize": simple["currSize"], "maxSize": simple["maxSize"]}}));
    }
    respond::json(&json!([summary::TIER]))
}

/// What each datasource has in the tier.
async fn tier(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    if name != summary::TIER {
        return StatusCode::NOT_FOUND.into_response();
    }
    let views = summary::all(&node);
    if !asked.contains_key("simple") {
        return respond::json(&views.iter().map(|view| json!(view.datasource)).collect());
    }
    let mut sources = Map::new();
    for view in &views {
        let mut intervals: Map<String, Value> = Map::new();
        for sealed in &view.sealed {
            let known =
                intervals.entry(sealed.record.id().interval.to_string()).or_insert(json!({"size": 0, "count": 0}));
            known["size"] = json!(known["size"].as_i64().unwrap_or(0) + sealed.record.size);
            known["count"] = json!(known["count"].as_i64().unwrap_or(0) + 1);
        }
        sources.insert(view.datasource.clone(), Value::Object(intervals));
    }
    respond::json(&Value::Object(sources))
}
