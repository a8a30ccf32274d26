//! Kafka supervisors.

use super::event_path;
use super::reply::http;
use crate::context::NodeContext;
use crate::http::body;
use crate::http::error::ApiError;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use ingest::{ListView, Wishes};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;
type Answer = Result<Response, ApiError>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/supervisor", get(list).post(submit))
        .route("/supervisor/history", get(all_history))
        .route("/supervisor/suspendAll", post(suspend_all))
        .route("/supervisor/resumeAll", post(resume_all))
        .route("/supervisor/terminateAll", post(terminate_all))
        .route("/supervisor/{id}", get(spec))
        .route("/supervisor/{id}/status", get(status))
        .route("/supervisor/{id}/health", get(health))
        .route("/supervisor/{id}/stats", get(stats))
        .route("/supervisor/{id}/parseErrors", get(parse_errors))
        .route("/supervisor/{id}/history", get(history))
        .route("/supervisor/{id}/suspend", post(suspend))
        .route("/supervisor/{id}/resume", post(resume))
        .route("/supervisor/{id}/terminate", post(terminate))
        .route("/supervisor/{id}/shutdown", post(terminate))
        .route("/supervisor/{id}/reset", post(reset))
        .route("/supervisor/{id}/resetOffsets", post(reset_offsets))
        .route("/supervisor/{id}/taskGroups/handoff", post(handoff))
}

fn says_true(asked: &HashMap<String, String>, name: &str) -> bool {
    asked.get(name).is_some_and(|value| value.is_empty() || value.eq_ignore_ascii_case("true"))
}

async fn list(State(node): Node, Parameters(asked): Asked) -> Answer {
    let view = match () {
        () if says_true(&asked, "full") => ListView::Full,
        () if says_true(&asked, "state") => ListView::State,
        () if says_true(&asked, "system") => ListView::System,
        () => ListView::Ids,
    };
    Ok(http(event_path(&node)?.supervisors.list(view).await))
}

async fn submit(State(node): Node, Parameters(asked): Asked, headers: HeaderMap, body: Body) -> Answer {
    let spec = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    let wishes = Wishes {
        skips_restart_if_unmodified: says_true(&asked, "skipRestartIfUnmodified"),
        is_forced: says_true(&asked, "force"),
        recasts: says_true(&asked, "recast"),
    };
    Ok(http(event_path(&node)?.supervisors.submit(&spec, wishes).await))
}

async fn spec(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.spec(&id).await))
}

async fn status(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.status(&id).await))
}

async fn health(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.health(&id).await))
}

async fn stats(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.stats(&id).await))
}

async fn parse_errors(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.parse_errors(&id).await))
}

async fn all_history(State(node): Node) -> Answer {
    Ok(http(event_path(&node)?.supervisors.all_history().await))
}

async fn history(State(node): Node, Path(id): Path<String>, Parameters(asked): Asked) -> Answer {
    let count = match asked.get("count") {
        None => None,
        Some(text) => Some(text.parse::<u32>().map_err(|_| {
            ApiError::message(StatusCode::BAD_REQUEST, format!("count [{text}] is no number of entries"))
        })?),
    };
    Ok(http(event_path(&node)?.supervisors.history(&id, count).await))
}

async fn suspend(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.suspend(&id).await))
}

async fn resume(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.resume(&id).await))
}

async fn terminate(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.terminate(&id).await))
}

async fn suspend_all(State(node): Node) -> Answer {
    Ok(http(event_path(&node)?.supervisors.suspend_all().await))
}

async fn resume_all(State(node): Node) -> Answer {
    Ok(http(event_path(&node)?.supervisors.resume_all().await))
}

async fn terminate_all(State(node): Node) -> Answer {
    Ok(http(event_path(&node)?.supervisors.terminate_all().await))
}

async fn reset(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.supervisors.reset(&id).await))
}

async fn reset_offsets(State(node): Node, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let offsets = body::json_or_null(&headers, body, node.config.http.max_spec_bytes).await?;
    Ok(http(event_path(&node)?.supervisors.reset_offsets(&id, &offsets).await))
}

async fn handoff(State(node): Node, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let groups = body::json_or_null(&headers, body, node.config.http.max_spec_bytes).await?;
    Ok(http(event_path(&node)?.supervisors.handoff_groups(&id, &groups).await))
}
