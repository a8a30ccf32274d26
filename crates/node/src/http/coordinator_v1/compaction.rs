//! Compaction settings of datasources: kept for clients that set them. Small segments are folded whether or not a
//! datasource has any.

use super::facts::{self, unavailable};
use crate::context::NodeContext;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

const PREFIX: &str = "compaction/";
const SLOTS: &str = "compaction-slots";

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/config/compaction", get(all).post(write))
        .route("/config/compaction/taskslots", post(slots))
        .route("/config/compaction/{name}", get(one).delete(remove))
        .route("/config/compaction/{name}/history", get(history))
        .route("/compaction/progress", get(progress))
        .route("/compaction/status", get(status))
}

fn key(name: &str) -> String {
    format!("{PREFIX}{name}")
}

fn not_found(text: &str) -> ApiError {
    ApiError::druid(StatusCode::NOT_FOUND, "notFound", text, json!({}))
}

async fn all(State(node): Node) -> Result<Response, ApiError> {
    let configs = node.metastore.configs(PREFIX).await.map_err(unavailable)?;
    let list: Vec<Value> = configs.iter().filter_map(facts::value_of).collect();
    let mut config = json!({
        "compactionConfigs": list,
        "compactionTaskSlotRatio": 0.1,
        "maxCompactionTaskSlots": i32::MAX,
        "compactionPolicy": null,
        "useSupervisors": false,
        "engine": "native",
    });
    if let Some(Value::Object(set)) = facts::read(&node, SLOTS).await? {
        set.into_iter().for_each(|(key, value)| config[key] = value);
    }
    Ok(respond::json(&config))
}

async fn write(State(node): Node, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let config = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    let name = config.get("dataSource").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::message(StatusCode::BAD_REQUEST, "'dataSource' is missing"))?;
    facts::write(&node, &key(name), Some(&config), &headers).await?;
    Ok(respond::json(&json!({"success": true})))
}

async fn slots(State(node): Node, Parameters(asked): Asked, headers: HeaderMap) -> Result<Response, ApiError> {
    let number = |name: &str| {
        asked.get(name).map(|text| {
            text.parse::<f64>()
                .ok()
                .filter(|number| *number >= 0.0)
                .ok_or_else(|| ApiError::message(StatusCode::BAD_REQUEST, format!("{name} [{text}] is no number")))
        })
    };
    let (ratio, max) = (number("ratio").transpose()?, number("max").transpose()?);
    let mut set = facts::read(&node, SLOTS).await?.unwrap_or_else(|| json!({}));
    if let Some(ratio) = ratio {
        set["compactionTaskSlotRatio"] = json!(ratio);
    }
    if let Some(max) = max {
        set["maxCompactionTaskSlots"] = json!(max as i64);
    }
    facts::write(&node, SLOTS, Some(&set), &headers).await?;
    Ok(respond::json(&json!({"success": true})))
}

async fn one(State(node): Node, Path(name): Path<String>) -> Result<Response, ApiError> {
    let config = facts::read(&node, &key(&name)).await?;
    config.map(|config| respond::json(&config)).ok_or_else(|| not_found("Datasource compaction config does not exist"))
}

async fn remove(State(node): Node, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    if facts::read(&node, &key(&name)).await?.is_none() {
        return Err(not_found("Datasource compaction config does not exist"));
    }
    facts::write(&node, &key(&name), None, &headers).await?;
    Ok(respond::json(&json!({"success": true})))
}

async fn history(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    let versions = facts::history(&node, &key(&name), "coordinator.compaction.config", &asked).await?;
    let entries = versions.into_iter().map(|mut entry| {
        let config = entry["payload"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or(Value::Null);
        json!({"globalConfig": null, "compactionConfig": config, "auditInfo": entry["auditInfo"].take(), "auditTime": entry["auditTime"].take()})
    });
    Ok(respond::json(&Value::Array(entries.collect())))
}

async fn progress(Parameters(asked): Asked) -> ApiError {
    match asked.get("dataSource").filter(|name| !name.is_empty()) {
        None => ApiError::druid(StatusCode::BAD_REQUEST, "invalidInput", "No DataSource specified", json!({})),
        Some(_) => not_found("Unknown datasource"),
    }
}

async fn status(Parameters(asked): Asked) -> Result<Response, ApiError> {
    match asked.get("dataSource").filter(|name| !name.is_empty()) {
        None => Ok(respond::json(&json!({"latestStatus": []}))),
        Some(_) => Err(not_found("Unknown datasource")),
    }
}
