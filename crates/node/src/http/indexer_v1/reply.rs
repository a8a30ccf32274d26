//! Answers of the event path put on the wire.

use crate::http::error::ApiError;
use crate::http::respond;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ingest::{Body, Reply};

/// The same status and body as HTTP.
pub fn http(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match reply.body {
        Body::Json(value) => respond::json_with(status, &value),
        Body::Text(text) => ApiError::text(status, text).into_response(),
        Body::Empty if !status.is_success() => status.into_response(),
        Body::Empty => (status, [(header::CONTENT_TYPE, "application/json")]).into_response(),
    }
}
