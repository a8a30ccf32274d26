//! Datasources and their sealed segments.

use super::summary;
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cluster::View;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/datasources", get(list))
        .route("/datasources/{name}", get(one))
        .route("/datasources/{name}/intervals", get(intervals))
        .route("/datasources/{name}/intervals/{interval}", get(chunk))
        .route("/datasources/{name}/intervals/{interval}/serverview", get(server_view))
        .route("/datasources/{name}/segments", get(segments))
        .route("/datasources/{name}/segments/{id}", get(segment))
        .route("/datasources/{name}/tiers", get(tiers))
}

async fn list(State(node): Node, Parameters(asked): Asked) -> Response {
    let views = summary::all(&node);
    let entries = views.iter().map(|view| match () {
        () if asked.contains_key("full") => summary::full(view),
        () if asked.contains_key("simple") => json!({"name": view.datasource, "properties": summary::properties(view)}),
        () => json!(view.datasource),
    });
    respond::json(&Value::Array(entries.collect()))
}

/// What the datasource has; 204 when there is none of that name.
fn of(node: &NodeContext, name: &str, answer: impl FnOnce(&View) -> Response) -> Response {
    match summary::known(node, name) {
        Some(view) => answer(&view),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn one(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    of(&node, &name, |view| {
        respond::json(&if asked.contains_key("full") { summary::full(view) } else { summary::properties(view) })
    })
}

async fn intervals(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    of(&node, &name, |view| {
        let chunks = summary::by_interval(view);
        if asked.contains_key("full") || asked.contains_key("simple") {
            let detail = |segments: &[&cluster::Sealed]| match asked.contains_key("full") {
                true => by_id(segments),
                false => summary::count_and_size(segments),
            };
            let map: Map<String, Value> =
                chunks.iter().map(|(interval, segments)| (interval.to_string(), detail(segments))).collect();
            return respond::json(&Value::Object(map));
        }
        respond::json(&json!(chunks.iter().map(|(interval, _)| interval.to_string()).collect::<Vec<_>>()))
    })
}

fn by_id(segments: &[&cluster::Sealed]) -> Value {
    let entry = |sealed: &&cluster::Sealed| {
        let shown = json!({"metadata": summary::segment(sealed), "servers": [summary::TIER]});
        (sealed.record.id().to_string(), shown)
    };
    Value::Object(segments.iter().map(entry).collect())
}

async fn chunk(
    State(node): Node,
    Path((name, interval)): Path<(String, String)>,
    Parameters(asked): Asked,
) -> Result<Response, ApiError> {
    let wanted = summary::path_interval(&interval).map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))?;
    Ok(of(&node, &name, |view| {
        let inside = summary::by_interval(view);
        let inside: Vec<_> =
            inside.iter().filter(|(chunk, _)| wanted.start <= chunk.start && chunk.end <= wanted.end).collect();
        if asked.contains_key("full") || asked.contains_key("simple") {
            let map: Map<String, Value> = inside
                .iter()
                .map(|(chunk, segments)| {
                    let detail =
                        if asked.contains_key("full") { by_id(segments) } else { summary::count_and_size(segments) };
                    (chunk.to_string(), detail)
                })
                .collect();
            return respond::json(&Value::Object(map));
        }
        let ids: Vec<String> =
            inside.iter().flat_map(|(_, segments)| segments).map(|sealed| sealed.record.id().to_string()).collect();
        respond::json(&json!(ids))
    }))
}

async fn server_view(State(node): Node, Path((name, interval)): Path<(String, String)>) -> Result<Response, ApiError> {
    let wanted = summary::path_interval(&interval).map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))?;
    let server = crate::http::candidates::server(&node);
    let Some(view) = summary::known(&node, &name) else {
        return Ok(respond::json(&json!([])));
    };
    let entries = view.sealed.iter().filter(|sealed| sealed.record.interval().overlaps(&wanted)).map(|sealed| {
        json!({
            "interval": sealed.record.interval().to_string(),
            "version": sealed.record.version_text(),
            "partitionNumber": sealed.record.partition_num,
            "size": sealed.record.size,
            "locations": [server],
        })
    });
    Ok(respond::json(&Value::Array(entries.collect())))
}

async fn segments(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Response {
    of(&node, &name, |view| {
        let entries = view.sealed.iter().map(|sealed| match asked.contains_key("full") {
            true => summary::segment(sealed),
            false => json!(sealed.record.id().to_string()),
        });
        respond::json(&Value::Array(entries.collect()))
    })
}

async fn segment(State(node): Node, Path((name, id)): Path<(String, String)>) -> Response {
    let view = summary::known(&node, &name);
    let found = view.as_ref().and_then(|view| view.sealed.iter().find(|sealed| sealed.record.id().to_string() == id));
    match found {
        Some(sealed) => respond::json(&json!({"metadata": summary::segment(sealed), "servers": [summary::TIER]})),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn tiers(State(node): Node, Path(name): Path<String>) -> Response {
    let known = summary::known(&node, &name).is_some();
    respond::json(&if known { json!([summary::TIER]) } else { json!([]) })
}
