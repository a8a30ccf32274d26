//! What the process says of itself beyond Druid's `/status`: its last minutes, its settings, its log.

use crate::context::NodeContext;
use crate::http::respond;
use crate::{logging, vitals};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/vitals", get(recent)).route("/config", get(settings)).route("/log", get(log))
}

/// Looks of the last quarter of an hour, and one of now at the end.
async fn recent(State(node): Node) -> Response {
    let mut looks = node.vitals.looks();
    looks.push(vitals::look(&node));
    respond::json(&json!({ "periodMs": vitals::PERIOD.as_millis(), "startedAt": node.started_ms, "looks": looks }))
}

/// Every setting in force with where it comes from.
async fn settings(State(node): Node) -> Response {
    let shown = node.config.shown();
    let mut all = Vec::new();
    for (section, values) in shown.as_object().into_iter().flatten() {
        for (key, value) in values.as_object().into_iter().flatten() {
            let key = format!("{section}.{key}");
            let origin = node.config.origins.get(&key).map_or("default", |origin| origin.name());
            all.push(json!({ "key": key, "value": value, "origin": origin }));
        }
    }
    respond::json(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "roles": node.roles(),
        "dataDirectory": node.data_dir(),
        "settings": all,
    }))
}

/// The last lines of the log, the oldest first.
async fn log(State(_): Node) -> Response {
    respond::json(&Value::from(logging::tail()))
}
