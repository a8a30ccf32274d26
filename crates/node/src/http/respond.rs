//! Answers: JSON with the type and the line shape that Druid's clients read.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::HashMap;

/// Whether the caller asked for indentation: `?pretty`, whatever its value.
pub fn is_pretty(parameters: &HashMap<String, String>) -> bool {
    parameters.contains_key("pretty")
}

/// A JSON value with status 200.
pub fn json(value: &Value) -> Response {
    json_with(StatusCode::OK, value)
}

/// A JSON value with a status.
pub fn json_with(status: StatusCode, value: &Value) -> Response {
    bytes(status, value.to_string().into_bytes())
}

/// Bytes that are JSON already.
pub fn bytes(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = (status, Body::from(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Plain text with status 200.
pub fn text(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], body).into_response()
}
