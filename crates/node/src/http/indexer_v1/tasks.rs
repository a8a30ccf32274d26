//! Tasks: submitted, listed, watched, stopped.

use super::event_path;
use super::reply::http;
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
use ingest::tasks::TaskListFilter;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;
type Answer = Result<Response, ApiError>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/task", post(submit))
        .route("/task/{id}", get(payload))
        .route("/task/{id}/status", get(status))
        .route("/task/{id}/reports", get(report))
        .route("/task/{id}/log", get(log))
        .route("/task/{id}/segments", get(segments))
        .route("/task/{id}/shutdown", post(shutdown))
        .route("/datasources/{name}/shutdownAllTasks", post(shutdown_all))
        .route("/tasks", get(list))
        .route("/runningTasks", get(running))
        .route("/pendingTasks", get(pending))
        .route("/waitingTasks", get(waiting))
        .route("/completeTasks", get(complete))
        .route("/taskStatus", post(statuses))
}

async fn submit(State(node): Node, headers: HeaderMap, body: Body) -> Answer {
    let spec = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    Ok(http(event_path(&node)?.tasks.submit(&spec).await))
}

async fn payload(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.tasks.payload(&id).await))
}

async fn status(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.tasks.status(&id).await))
}

async fn report(State(node): Node, Path(id): Path<String>) -> Answer {
    let path = event_path(&node)?;
    match path.supervisors.live_report(&id).await {
        Some(report) => Ok(respond::json(&report)),
        None => Ok(http(path.tasks.report(&id).await)),
    }
}

async fn log(State(node): Node, Path(id): Path<String>, Parameters(asked): Asked) -> Answer {
    let offset = match asked.get("offset") {
        None => 0,
        Some(text) => text.parse::<i64>().map_err(|_| {
            ApiError::message(StatusCode::BAD_REQUEST, format!("offset [{text}] is no number of bytes"))
        })?,
    };
    Ok(http(event_path(&node)?.tasks.log(&id, offset).await))
}

/// Gone from the API: segments are asked for by datasource. The words are those for an unknown task.
async fn segments(Path(id): Path<String>) -> ApiError {
    ApiError::text(StatusCode::NOT_FOUND, format!("Cannot find any task with id: [{id}]"))
}

async fn shutdown(State(node): Node, Path(id): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.tasks.shutdown(&id).await))
}

async fn shutdown_all(State(node): Node, Path(name): Path<String>) -> Answer {
    Ok(http(event_path(&node)?.tasks.shutdown_all(&name).await))
}

async fn list(State(node): Node, Parameters(asked): Asked) -> Answer {
    let max =
        match asked.get("max") {
            None => None,
            Some(text) => Some(text.parse::<u32>().map_err(|_| {
                ApiError::message(StatusCode::BAD_REQUEST, format!("max [{text}] is no number of tasks"))
            })?),
        };
    let text = |name: &str| asked.get(name).filter(|text| !text.is_empty()).cloned();
    let filter = TaskListFilter {
        state: text("state"),
        datasource: text("datasource"),
        task_type: text("type"),
        created_time_interval: text("createdTimeInterval"),
        max,
    };
    Ok(http(event_path(&node)?.tasks.list(&filter).await))
}

async fn in_state(node: &NodeContext, state: &str) -> Answer {
    let filter = TaskListFilter { state: Some(state.to_string()), ..TaskListFilter::default() };
    Ok(http(event_path(node)?.tasks.list(&filter).await))
}

async fn running(State(node): Node) -> Answer {
    in_state(&node, "running").await
}

async fn pending(State(node): Node) -> Answer {
    in_state(&node, "pending").await
}

async fn waiting(State(node): Node) -> Answer {
    in_state(&node, "waiting").await
}

async fn complete(State(node): Node) -> Answer {
    in_state(&node, "complete").await
}

async fn statuses(State(node): Node, headers: HeaderMap, body: Body) -> Answer {
    let ids = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    let wrong = || ApiError::message(StatusCode::BAD_REQUEST, "a list of task ids is needed");
    let ids = ids.as_array().ok_or_else(wrong)?;
    let ids: Vec<String> = ids.iter().filter_map(Value::as_str).map(str::to_string).collect();
    Ok(http(event_path(&node)?.tasks.statuses(&ids).await))
}
