//! Lanes and dead letters of a supervisor.

use super::{limit, unavailable};
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::indexer_v1::{event_path, http};
use crate::http::respond;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use ingest::Settlement;
use metastore::Source;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

const MAX_OBJECT_BYTES: u64 = 64 << 20;
const MAX_UNPACKED_BYTES: usize = 256 << 20;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/supervisors/{id}/lanes", get(lanes))
        .route("/supervisors/{id}/lanes/{partition}/{decision}", post(settle))
        .route("/supervisors/{id}/deadLetters", get(dead_letters))
        .route("/supervisors/{id}/gaps", get(gaps))
}

async fn sources(node: &NodeContext, id: &str) -> Result<Vec<Source>, ApiError> {
    let sources = node.metastore.sources(id).await.map_err(unavailable)?;
    // One that was submitted just now has no sources yet.
    if sources.is_empty() && node.metastore.supervisor(id).await.map_err(unavailable)?.is_none() {
        return Err(ApiError::message(StatusCode::NOT_FOUND, format!("there is no supervisor [{id}]")));
    }
    Ok(sources)
}

async fn lanes(State(node): Node, Path(id): Path<String>) -> Result<Response, ApiError> {
    let mut all = Vec::new();
    for source in sources(&node, &id).await? {
        for lane in node.metastore.lanes(&source.source_id).await.map_err(unavailable)? {
            all.push(json!({
                "topic": source.topic,
                "datasource": source.datasource,
                "sourceId": source.source_id,
                "generation": lane.source_gen,
                "partition": lane.partition,
                "startOffset": lane.start_offset,
                "committedOffset": lane.next_offset,
                "state": lane.state,
                "reason": lane.reason,
                "owner": lane.owner,
            }));
        }
    }
    Ok(respond::json(&Value::Array(all)))
}

/// What an operator decides about a halted lane.
async fn settle(
    State(node): Node,
    Path((id, partition, decision)): Path<(String, String, String)>,
    Parameters(asked): Asked,
) -> Result<Response, ApiError> {
    let wrong = |what: String| ApiError::message(StatusCode::BAD_REQUEST, what);
    let number = partition.parse::<i32>().ok().filter(|number| *number >= 0);
    let number = number.ok_or_else(|| wrong(format!("partition [{partition}] is no number of a partition")))?;
    let to = match asked.get("to") {
        None => None,
        Some(text) => Some(text.parse::<i64>().map_err(|_| wrong(format!("to [{text}] is no offset")))?),
    };
    let decision = match decision.as_str() {
        "retry" => Settlement::Retry,
        "skip" => Settlement::Skip(to),
        "accept" => Settlement::Accept,
        "gone" => Settlement::Gone,
        other => return Err(wrong(format!("decision [{other}] is none of [retry, skip, accept, gone]"))),
    };
    let topic = asked.get("topic").map(String::as_str);
    Ok(http(event_path(&node)?.supervisors.settle(&id, topic, number, decision).await))
}

/// The newest dead letters: offset, reason and raw bytes of each.
async fn dead_letters(
    State(node): Node,
    Path(id): Path<String>,
    Parameters(asked): Asked,
) -> Result<Response, ApiError> {
    let limit = limit(&asked)?;
    let sources = sources(&node, &id).await?;
    let mut letters = Vec::new();
    for source in &sources {
        let objects = node.metastore.dead_letters(&source.source_id, limit).await.map_err(unavailable)?;
        for object in objects {
            let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(letters.len());
            if room == 0 {
                break;
            }
            letters.extend(read(&node, &object.path).await?.into_iter().take(room));
        }
    }
    Ok(respond::json(&Value::Array(letters)))
}

async fn read(node: &NodeContext, path: &str) -> Result<Vec<Value>, ApiError> {
    let object = node.storage.get(path, MAX_OBJECT_BYTES).await.map_err(|error| unreadable(path, &error))?;
    let unpacked = tokio::task::spawn_blocking(move || ingest::dead_letter::decode(&object, MAX_UNPACKED_BYTES)).await;
    match unpacked {
        Ok(letters) => letters.map_err(|error| unreadable(path, &error)),
        Err(panic) => Err(unreadable(path, &panic)),
    }
}

fn unreadable(path: &str, why: &dyn std::fmt::Display) -> ApiError {
    ApiError::message(StatusCode::SERVICE_UNAVAILABLE, format!("dead letters {path}: {why}"))
}

async fn gaps(State(node): Node, Path(id): Path<String>) -> Result<Response, ApiError> {
    let mut all = Vec::new();
    for source in sources(&node, &id).await? {
        for gap in node.metastore.gaps(&source.source_id).await.map_err(unavailable)? {
            all.push(json!({
                "topic": source.topic,
                "generation": gap.source_gen,
                "partition": gap.partition,
                "fromOffset": gap.from_offset,
                "toOffset": gap.to_offset,
                "why": gap.why,
                "by": gap.by,
                "at": gap.at,
            }));
        }
    }
    Ok(respond::json(&Value::Array(all)))
}
