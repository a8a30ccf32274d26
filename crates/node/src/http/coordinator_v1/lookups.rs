//! Lookups as clients register them, tier by tier, and which of them are loaded.

use super::facts::{self, unavailable};
use crate::context::NodeContext;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::respond;
use crate::lookups::book::{self, Book, Refused, Who};
use crate::lookups::{LookupSpec, TIER, version_of};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;
type Answer = Result<Response, ApiError>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/lookups/config", get(tiers).post(write_all))
        .route("/lookups/config/all", get(everything))
        .route("/lookups/config/{tier}", get(of_tier).delete(remove_tier))
        .route("/lookups/config/{tier}/{name}", get(one).post(write_one).delete(remove_one))
        .route("/lookups/status", get(status))
        .route("/lookups/status/{tier}", get(status_of_tier))
        .route("/lookups/status/{tier}/{name}", get(status_of_one))
        .route("/lookups/nodeStatus", get(nodes))
        .route("/lookups/nodeStatus/{tier}", get(nodes_of_tier))
        .route("/lookups/nodeStatus/{tier}/{host}", get(one_node))
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::message(StatusCode::NOT_FOUND, message)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::message(StatusCode::BAD_REQUEST, message)
}

fn no_tier(tier: &str) -> ApiError {
    not_found(format!("Tier [{tier}] not found"))
}

fn no_lookup(name: &str) -> ApiError {
    not_found(format!("lookup [{name}] not found"))
}

/// What is registered; `None` before the first write.
async fn read(node: &NodeContext) -> Result<Option<Book>, ApiError> {
    if book::mark(&*node.metastore).await.map_err(unavailable)?.is_none() {
        return Ok(None);
    }
    book::all(&*node.metastore).await.map(Some).map_err(unavailable)
}

async fn registered(node: &NodeContext) -> Result<Book, ApiError> {
    read(node).await?.ok_or_else(|| not_found("No lookups found"))
}

fn specs(book: &Book, tier: &str) -> Map<String, Value> {
    let entries = book.get(tier).into_iter().flatten();
    entries.map(|(name, entry)| (name.clone(), entry.spec.clone())).collect()
}

async fn tiers(State(node): Node, Parameters(asked): Asked) -> Answer {
    let book = read(&node).await?;
    if asked.get("discover").is_some_and(|text| text == "true") {
        let known = book.into_iter().flat_map(Book::into_keys).chain([TIER.to_string()]);
        return Ok(respond::json(&json!(known.collect::<BTreeSet<_>>())));
    }
    let Some(book) = book else { return Err(ApiError::empty(StatusCode::NOT_FOUND)) };
    Ok(respond::json(&json!(book.keys().collect::<Vec<_>>())))
}

async fn everything(State(node): Node) -> Answer {
    let book = registered(&node).await?;
    let all: Map<String, Value> = book.keys().map(|tier| (tier.clone(), Value::Object(specs(&book, tier)))).collect();
    Ok(respond::json(&Value::Object(all)))
}

async fn of_tier(State(node): Node, Path(tier): Path<String>, Parameters(asked): Asked) -> Answer {
    let book = registered(&node).await?;
    let names = book.get(&tier).ok_or_else(|| no_tier(&tier))?;
    let is_detailed = asked.get("detailed").is_some_and(|text| text == "true");
    Ok(respond::json(&if is_detailed {
        Value::Object(specs(&book, &tier))
    } else {
        json!(names.keys().collect::<Vec<_>>())
    }))
}

async fn one(State(node): Node, Path((tier, name)): Path<(String, String)>) -> Answer {
    let book = read(&node).await?.unwrap_or_default();
    let entry = book.get(&tier).and_then(|tier| tier.get(&name));
    Ok(respond::json(&entry.ok_or_else(|| no_lookup(&name))?.spec))
}

async fn write_all(State(node): Node, headers: HeaderMap, body: Body) -> Answer {
    let all = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    let Value::Object(tiers) = &all else { return Err(invalid("expected an object of tiers")) };
    let mut changes = Vec::new();
    for (tier, lookups) in tiers {
        let Value::Object(lookups) = lookups else {
            return Err(invalid(format!("tier [{tier}] must be an object of lookups")));
        };
        changes.extend(lookups.iter().map(|(name, spec)| (tier.clone(), name.clone(), spec.clone())));
    }
    write(&node, changes, &headers).await?;
    Ok(respond::json_with(StatusCode::ACCEPTED, &all))
}

async fn write_one(
    State(node): Node,
    Path((tier, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let spec = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    write(&node, vec![(tier, name, spec)], &headers).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Checks and writes lookups, and takes them into use.
async fn write(node: &NodeContext, changes: Vec<(String, String, Value)>, headers: &HeaderMap) -> Result<(), ApiError> {
    // A map may be long, and is made only to be checked.
    let checked = tokio::task::spawn_blocking(move || {
        for (_, name, spec) in &changes {
            LookupSpec::parse(spec).map_err(|why| format!("lookup [{name}]: {why}"))?;
        }
        Ok::<_, String>(changes)
    });
    let changes = checked.await.unwrap_or_else(|panic| Err(panic.to_string())).map_err(invalid)?;
    book::write(&*node.metastore, &changes, &who(headers)).await.map_err(refused)?;
    node.lookups.refresh().await.map_err(unavailable)
}

async fn remove_one(State(node): Node, Path((tier, name)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let removed = book::remove(&*node.metastore, &tier, &name, &who(&headers)).await.map_err(refused)?;
    if !removed {
        return Err(no_lookup(&name));
    }
    node.lookups.refresh().await.map_err(unavailable)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn remove_tier(State(node): Node, Path(tier): Path<String>, headers: HeaderMap) -> Answer {
    let names = read(&node).await?.unwrap_or_default().remove(&tier).ok_or_else(|| no_tier(&tier))?;
    for name in names.keys() {
        book::remove(&*node.metastore, &tier, name, &who(&headers)).await.map_err(refused)?;
    }
    node.lookups.refresh().await.map_err(unavailable)?;
    Ok(StatusCode::ACCEPTED.into_response())
}

fn who(headers: &HeaderMap) -> Who {
    Who { author: facts::header(headers, "x-druid-author"), comment: facts::header(headers, "x-druid-comment") }
}

fn refused(error: Refused) -> ApiError {
    match error {
        Refused::Invalid(why) => invalid(why),
        Refused::Unavailable(why) => ApiError::message(StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

fn host(node: &NodeContext) -> String {
    format!("{}:{}", node.name.host, node.name.port)
}

/// Whether the registered version is the one in use.
fn is_loaded(node: &NodeContext, tier: &str, name: &str, spec: &Value) -> bool {
    tier == TIER && node.lookups.get(name).is_some_and(|loaded| Ok(loaded.version) == version_of(spec))
}

fn state(node: &NodeContext, tier: &str, name: &str, spec: &Value, asked: &HashMap<String, String>) -> Value {
    let loaded = is_loaded(node, tier, name, spec);
    let mut state = json!({ "loaded": loaded });
    if !loaded && tier == TIER && asked.get("detailed").is_some_and(|text| text == "true") {
        state["pendingNodes"] = json!([host(node)]);
    }
    state
}

fn states(node: &NodeContext, book: &Book, tier: &str, asked: &HashMap<String, String>) -> Value {
    let entries = book.get(tier).into_iter().flatten();
    Value::Object(entries.map(|(name, entry)| (name.clone(), state(node, tier, name, &entry.spec, asked))).collect())
}

async fn status(State(node): Node, Parameters(asked): Asked) -> Answer {
    let book = registered(&node).await?;
    let all = book.keys().map(|tier| (tier.clone(), states(&node, &book, tier, &asked)));
    Ok(respond::json(&Value::Object(all.collect())))
}

async fn status_of_tier(State(node): Node, Path(tier): Path<String>, Parameters(asked): Asked) -> Answer {
    let book = registered(&node).await?;
    if !book.contains_key(&tier) {
        return Err(no_tier(&tier));
    }
    Ok(respond::json(&states(&node, &book, &tier, &asked)))
}

async fn status_of_one(
    State(node): Node,
    Path((tier, name)): Path<(String, String)>,
    Parameters(asked): Asked,
) -> Answer {
    let book = registered(&node).await?;
    let lookups = book.get(&tier).ok_or_else(|| no_tier(&tier))?;
    let entry = lookups.get(&name).ok_or_else(|| no_lookup(&name))?;
    Ok(respond::json(&state(&node, &tier, &name, &entry.spec, &asked)))
}

/// What this process holds and what it still has to load.
fn node_state(node: &NodeContext, book: &Book) -> Value {
    let (mut current, mut to_load) = (Map::new(), Map::new());
    for (name, spec) in specs(book, TIER) {
        let list = if is_loaded(node, TIER, &name, &spec) { &mut current } else { &mut to_load };
        list.insert(name, spec);
    }
    json!({"current": current, "toLoad": to_load, "toDrop": []})
}

async fn nodes(State(node): Node) -> Answer {
    let book = registered(&node).await?;
    Ok(respond::json(&json!({TIER: {host(&node): node_state(&node, &book)}})))
}

async fn nodes_of_tier(State(node): Node, Path(tier): Path<String>) -> Answer {
    let book = registered(&node).await?;
    if tier != TIER {
        return Err(no_tier(&tier));
    }
    Ok(respond::json(&json!({host(&node): node_state(&node, &book)})))
}

async fn one_node(State(node): Node, Path((tier, asked)): Path<(String, String)>) -> Answer {
    let book = registered(&node).await?;
    if tier != TIER || asked != host(&node) {
        return Err(not_found(format!("Node [{asked}] of tier [{tier}] not found")));
    }
    Ok(respond::json(&node_state(&node, &book)))
}
