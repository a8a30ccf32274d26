//! What became of every offset.

use super::{limit, unavailable};
use crate::context::NodeContext;
use crate::http::error::ApiError;
use crate::http::respond;
use axum::Router;
use axum::extract::{Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use metastore::{Ledger, LedgerFilter};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

pub fn routes() -> Router<Arc<NodeContext>> {
    Router::new().route("/ledger", get(ledger)).route("/fsck", get(fsck))
}

async fn ledger(State(node): Node, Parameters(asked): Asked) -> Result<Response, ApiError> {
    let text = |name: &str| asked.get(name).cloned();
    let partition = match asked.get("partition") {
        None => None,
        Some(text) => Some(
            text.parse::<i32>()
                .map_err(|_| ApiError::message(StatusCode::BAD_REQUEST, format!("partition [{text}] is no number")))?,
        ),
    };
    let filter = LedgerFilter {
        source_id: text("sourceId"),
        cut_id: text("cutId"),
        task_id: text("taskId"),
        partition,
        limit: Some(limit(&asked)?),
        ..LedgerFilter::default()
    };
    let rows = node.metastore.ledger(&filter).await.map_err(unavailable)?;
    Ok(respond::json(&Value::Array(rows.iter().map(entry).collect())))
}

fn entry(row: &Ledger) -> Value {
    json!({
        "sourceId": row.source_id,
        "generation": row.source_gen,
        "partition": row.partition,
        "fromOffset": row.from_offset,
        "toOffset": row.to_offset,
        "cutId": row.cut_id,
        "taskId": row.task_id,
        "specVersion": row.spec_version,
        "indexed": row.indexed,
        "filtered": row.filtered,
        "late": row.late,
        "dead": row.dead,
        "absent": row.absent,
        "skipped": row.skipped,
        "rows": row.rows_out,
        "at": row.at,
    })
}

/// Facts that contradict each other; an empty list in a healthy store.
async fn fsck(State(node): Node) -> Result<Response, ApiError> {
    let findings = node.metastore.check().await.map_err(unavailable)?;
    Ok(respond::json(&json!(findings.iter().map(ToString::to_string).collect::<Vec<_>>())))
}
