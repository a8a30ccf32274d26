//! Leadership, workers and locks as clients of the overlord ask for them.

use crate::context::NodeContext;
use crate::http::body;
use crate::http::coordinator_v1::failed_read;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get, post};
use metastore::{TaskFilter, TaskLock};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new()
        .route("/leader", get(leader))
        .route("/isLeader", get(|| async { respond::json(&json!({"leader": true})) }))
        .route("/worker", get(|| async { respond::json(&Value::Null) }))
        .route("/worker/history", get(|| async { respond::json(&json!([])) }))
        .route("/scaling", get(|| async { respond::json(&Value::Null) }))
        .route("/workers", get(workers))
        .route("/totalWorkerCapacity", get(capacity))
        .route("/activeLocks", post(active_locks))
        .route("/lockedIntervals/v2", post(locked_intervals))
        .route("/pendingSegments/{name}", delete(pending_segments))
}

async fn leader(State(node): Node) -> Response {
    respond::json(&json!(format!("http://{}:{}", node.name.host, node.name.port)))
}

async fn running(node: &NodeContext) -> Result<Vec<metastore::Task>, ApiError> {
    let filter = TaskFilter { is_complete: Some(false), ..TaskFilter::default() };
    node.metastore.tasks(&filter).await.map_err(failed_read)
}

async fn workers(State(node): Node) -> Result<Response, ApiError> {
    let tasks = running(&node).await?;
    let mut by_type: BTreeMap<&str, usize> = BTreeMap::new();
    tasks.iter().for_each(|task| *by_type.entry(&task.task_type).or_default() += 1);
    let groups: BTreeSet<&str> = tasks.iter().map(|task| task.group_id.as_str()).collect();
    Ok(respond::json(&json!([{
        "worker": {
            "scheme": "http",
            "host": format!("{}:{}", node.name.host, node.name.port),
            "ip": node.name.host,
            "capacity": node.config.ingest.task_slots,
            "version": "0",
            "category": "_default_worker_category",
        },
        "currCapacityUsed": tasks.len(),
        "currParallelIndexCapacityUsed": 0,
        "currCapacityUsedByTaskType": by_type,
        "availabilityGroups": groups,
        "runningTasks": tasks.iter().map(|task| &task.task_id).collect::<Vec<_>>(),
        "lastCompletedTaskTime": timeline::instant::text(node.started_ms),
    }])))
}

async fn capacity(State(node): Node) -> Result<Response, ApiError> {
    Ok(respond::json(&json!({
        "currentClusterCapacity": node.config.ingest.task_slots,
        "maximumCapacityWithAutoScale": -1,
        "usedClusterCapacity": running(&node).await?.len(),
    })))
}

/// Names asked for in a list of `{"datasource": .., "priority": ..}`; 400 for anything but a list.
async fn policies(node: &NodeContext, headers: &HeaderMap, body: Body) -> Result<Vec<String>, ApiError> {
    let asked = body::json(headers, body, node.config.http.max_spec_bytes).await?;
    let list = asked
        .as_array()
        .ok_or_else(|| ApiError::message(StatusCode::BAD_REQUEST, "a list of objects with a 'datasource' is needed"))?;
    Ok(list.iter().filter_map(|policy| policy.get("datasource").and_then(Value::as_str)).map(str::to_string).collect())
}

async fn locks(node: &NodeContext, names: &[String]) -> Result<Vec<(String, Vec<TaskLock>)>, ApiError> {
    let mut found = Vec::new();
    for name in names {
        let locks = node.metastore.locks(Some(name)).await.map_err(failed_read)?;
        if !locks.is_empty() {
            found.push((name.clone(), locks));
        }
    }
    Ok(found)
}

fn interval(lock: &TaskLock) -> String {
    timeline::Interval { start: lock.start, end: lock.end }.to_string()
}

async fn active_locks(State(node): Node, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let names = policies(&node, &headers, body).await?;
    let entry = |lock: &TaskLock| {
        json!({
            "type": lock.lock_type,
            "groupId": lock.task_id,
            "dataSource": lock.datasource,
            "interval": interval(lock),
            "version": lock.version,
            "priority": lock.priority,
            "revoked": false,
        })
    };
    let map: Map<String, Value> = locks(&node, &names)
        .await?
        .into_iter()
        .map(|(name, locks)| (name, Value::Array(locks.iter().map(entry).collect())))
        .collect();
    Ok(respond::json(&json!({"datasourceToLocks": map})))
}

async fn locked_intervals(State(node): Node, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let names = policies(&node, &headers, body).await?;
    let map: Map<String, Value> = locks(&node, &names)
        .await?
        .into_iter()
        .map(|(name, locks)| (name, json!(locks.iter().map(interval).collect::<Vec<_>>())))
        .collect();
    Ok(respond::json(&Value::Object(map)))
}

/// Ids are given at publish, so none are ever pending.
async fn pending_segments(Path(_): Path<String>) -> Response {
    respond::json(&json!({"numDeleted": 0}))
}
