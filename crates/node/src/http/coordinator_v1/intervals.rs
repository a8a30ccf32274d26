//! Time chunks over all datasources.

use super::summary;
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use timeline::Interval;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/intervals", get(list)).route("/intervals/{interval}", get(one))
}

async fn list(State(node): Node) -> Response {
    respond::json(&by_datasource(&node, None))
}

async fn one(State(node): Node, Path(interval): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    let wanted = summary::path_interval(&interval).map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))?;
    let chunks = by_datasource(&node, Some(wanted));
    if asked.contains_key("full") {
        return Ok(respond::json(&chunks));
    }
    let sum = |of_one: &Value| {
        let field = |entry: &Value, key: &str| entry[key].as_i64().unwrap_or(0);
        let each =
            of_one.as_object().into_iter().flatten().map(|(_, entry)| (field(entry, "size"), field(entry, "count")));
        each.fold((0, 0), |(size, count), (more_size, more)| (size + more_size, count + more))
    };
    let of_chunks = chunks.as_object().into_iter().flatten();
    if asked.contains_key("simple") {
        let sums = of_chunks.map(|(chunk, entry)| {
            let (size, count) = sum(entry);
            (chunk.clone(), json!({"size": size, "count": count}))
        });
        return Ok(respond::json(&Value::Object(sums.collect())));
    }
    let (size, count) =
        of_chunks.map(|(_, entry)| sum(entry)).fold((0, 0), |(size, count), more| (size + more.0, count + more.1));
    Ok(respond::json(&json!({"size": size, "count": count})))
}

/// Interval to datasource to count and size, newest first.
fn by_datasource(node: &NodeContext, within: Option<Interval>) -> Value {
    let mut entries: Vec<(Interval, String, Value)> = Vec::new();
    for view in summary::all(node) {
        for (chunk, segments) in summary::by_interval(&view) {
            if within.is_none_or(|within| within.start <= chunk.start && chunk.end <= within.end) {
                entries.push((chunk, view.datasource.clone(), summary::count_and_size(&segments)));
            }
        }
    }
    entries.sort_by_key(|(chunk, ..)| std::cmp::Reverse((chunk.start, chunk.end)));
    let mut map: Map<String, Value> = Map::new();
    for (chunk, datasource, entry) in entries {
        map.entry(chunk.to_string()).or_insert_with(|| json!({}))[datasource] = entry;
    }
    Value::Object(map)
}
