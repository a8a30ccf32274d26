//! What the process says of itself.

use super::error::ApiError;
use super::respond;
use crate::context::NodeContext;
use crate::memory;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

/// The version of Druid whose API is spoken; clients compare it.
const API_VERSION: &str = "33.0.0";

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/status/health", get(|| async { respond::json(&json!(true)) }))
        .route("/status/properties", get(properties))
        .route("/status/limits", get(limits))
        .route("/status/selfDiscovered/status", get(|| async { respond::json(&json!({"selfDiscovered": true})) }))
        .route("/status/selfDiscovered", get(|| async { StatusCode::OK }))
        .route("/proxy/enabled", get(|| async { respond::json(&json!({"enabled": true})) }))
        .layer(middleware::from_fn(only_get))
        .with_state(node)
}

/// As Druid: HEAD and OPTIONS are not allowed on these paths.
async fn only_get(request: Request, next: Next) -> Response {
    if request.method() == Method::GET {
        return next.run(request).await;
    }
    let mut response = ApiError::empty(StatusCode::METHOD_NOT_ALLOWED).into_response();
    response.headers_mut().insert("allow", axum::http::HeaderValue::from_static("GET"));
    response
}

async fn status(State(node): Node) -> Response {
    let (limit, used) = (node.memory.limit_bytes(), memory::resident_bytes().unwrap_or(0));
    respond::json(&json!({
        "version": API_VERSION,
        "modules": [{
            "name": "dolmen",
            "artifact": "dolmen",
            "version": env!("CARGO_PKG_VERSION"),
        }],
        "memory": {
            "maxMemory": limit,
            "totalMemory": limit,
            "freeMemory": limit.saturating_sub(used),
            "usedMemory": used,
            "directMemory": 0,
        },
    }))
}

/// The configuration as flat names; values that could hold a secret are hidden.
async fn properties(State(node): Node) -> Response {
    let mut flat = Map::new();
    flatten("dolmen", &node.config.shown(), &mut flat);
    flat.insert("druid.host".into(), json!(node.name.host));
    flat.insert("druid.plaintextPort".into(), json!(node.name.port.to_string()));
    flat.insert("druid.service".into(), json!("dolmen"));
    let sorted: std::collections::BTreeMap<String, Value> = flat.into_iter().collect();
    respond::json(&json!(sorted))
}

fn flatten(prefix: &str, value: &Value, into: &mut Map<String, Value>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| flatten(&format!("{prefix}.{key}"), value, into)),
        Value::Null => {}
        Value::String(text) => {
            into.insert(prefix.to_string(), json!(text));
        }
        other => {
            into.insert(prefix.to_string(), json!(other.to_string()));
        }
    }
}

async fn limits(State(node): Node) -> Response {
    respond::json(&node.limits_shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_settings_get_flat_names() {
        let mut flat = Map::new();
        flatten("dolmen", &json!({"http": {"port": 1, "bind": "x", "none": null}}), &mut flat);
        assert_eq!(Value::Object(flat), json!({"dolmen.http.port": "1", "dolmen.http.bind": "x"}));
    }
}
