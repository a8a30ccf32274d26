//! SQL is not there yet, and says so.

use super::error::ApiError;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{delete, post};
use serde_json::json;

pub fn routes() -> Router {
    Router::new()
        .route("/druid/v2/sql", post(|| async { absent() }))
        .route("/druid/v2/sql/{id}", delete(|| async { StatusCode::NOT_FOUND }))
}

fn absent() -> ApiError {
    let text = "SQL is not supported by this version: ask native queries at /druid/v2";
    ApiError::druid(StatusCode::NOT_FOUND, "notFound", text, json!({}))
}
