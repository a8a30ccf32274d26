//! Our own API: what an answer covers, what became of every record, and whether the facts agree.

mod compactions;
mod dashboards;
mod ledger;
mod process;
mod queries;
mod snapshots;
mod supervisors;

use super::error::ApiError;
use crate::context::NodeContext;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::collections::HashMap;
use std::sync::Arc;

/// Rows of one answer; `limit` may ask for fewer.
const MAX_ROWS: u32 = 10_000;
const DEFAULT_ROWS: u32 = 100;

pub fn routes(node: Arc<NodeContext>) -> Router {
    let families = [
        queries::routes(),
        supervisors::routes(),
        ledger::routes(),
        snapshots::routes(),
        compactions::routes(),
        dashboards::routes(),
        process::routes(),
    ];
    let all = families.into_iter().fold(Router::new(), Router::merge).route("/openapi.json", get(openapi));
    Router::new().nest("/dolmen/v1", all).with_state(node)
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("openapi.json"))
}

fn unavailable(error: metastore::Error) -> ApiError {
    super::coordinator_v1::failed_read(error)
}

/// How many rows are asked for.
fn limit(asked: &HashMap<String, String>) -> Result<u32, ApiError> {
    let Some(text) = asked.get("limit") else {
        return Ok(DEFAULT_ROWS);
    };
    let limit = text.parse::<u32>().ok().filter(|limit| (1..=MAX_ROWS).contains(limit));
    let wrong = || ApiError::message(StatusCode::BAD_REQUEST, format!("limit [{text}] is not from 1 to {MAX_ROWS}"));
    limit.ok_or_else(wrong)
}
