//! Errors as Druid's clients read them: the one place where kinds become statuses and bodies.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dialect::ErrorKind;
use serde_json::{Value, json};

/// An answer that is an error, in one of the shapes that clients know.
#[derive(Debug)]
pub struct ApiError {
    pub status: StatusCode,
    /// Given back in `X-Druid-Query-Id`.
    pub query_id: Option<String>,
    body: Body,
    retry_after_s: Option<u32>,
}

#[derive(Debug)]
enum Body {
    Empty,
    Text(String),
    Json(Value),
}

impl ApiError {
    /// Nothing but a status.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, body: Body::Empty, retry_after_s: None, query_id: None }
    }

    /// Plain text, as the overlord answers for unknown supervisors and tasks.
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, body: Body::Text(text.into()), retry_after_s: None, query_id: None }
    }

    /// Any JSON value.
    pub fn json(status: StatusCode, value: Value) -> Self {
        Self { status, body: Body::Json(value), retry_after_s: None, query_id: None }
    }

    /// `{"error": message}`, the form of the overlord and the coordinator.
    pub fn message(status: StatusCode, message: impl Into<String>) -> Self {
        Self::json(status, json!({ "error": message.into() }))
    }

    /// A query that could not be read: `error`, `errorMessage`, `errorClass` and `host` only.
    pub fn unreadable_query(error: &str, message: &str) -> Self {
        let body = json!({ "error": error, "errorMessage": message, "errorClass": class_of(error), "host": null });
        Self::json(StatusCode::BAD_REQUEST, body)
    }

    /// A query that failed while it ran: the legacy fields and, beside them, category and persona.
    pub fn failed_query(status: StatusCode, error: &str, message: &str) -> Self {
        let class = class_of(error);
        let body = json!({
            "error": error,
            "errorClass": class,
            "host": null,
            "errorCode": "legacyQueryException",
            "persona": "OPERATOR",
            "category": category_of(status),
            "errorMessage": message,
            "context": { "host": null, "errorClass": class, "legacyErrorCode": error },
        });
        let retry_after_s = (status == StatusCode::TOO_MANY_REQUESTS).then_some(1);
        Self { status, body: Body::Json(body), retry_after_s, query_id: None }
    }

    /// The newer form, with `error` always `druidException`.
    pub fn druid(status: StatusCode, code: &str, message: &str, context: Value) -> Self {
        let body = json!({
            "error": "druidException",
            "errorCode": code,
            "persona": "USER",
            "category": category_of(status),
            "errorMessage": message,
            "context": context,
            "errorClass": null,
            "host": null,
        });
        Self::json(status, body)
    }
}

/// The status that a kind of error means to a client.
pub fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid | ErrorKind::LimitExceeded => StatusCode::BAD_REQUEST,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict | ErrorKind::Fenced => StatusCode::CONFLICT,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorKind::Cancelled | ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// As [`status_of`], for the metastore's own word for a kind.
pub fn status_of_metastore(kind: metastore::ErrorKind) -> StatusCode {
    use metastore::ErrorKind as Kind;
    status_of(match kind {
        Kind::Invalid => ErrorKind::Invalid,
        Kind::NotFound => ErrorKind::NotFound,
        Kind::Conflict => ErrorKind::Conflict,
        Kind::Fenced => ErrorKind::Fenced,
        Kind::LimitExceeded => ErrorKind::LimitExceeded,
        Kind::Unsupported => ErrorKind::Unsupported,
        Kind::Unavailable => ErrorKind::Unavailable,
        Kind::Timeout => ErrorKind::Timeout,
        Kind::Cancelled => ErrorKind::Cancelled,
        Kind::Corrupt => ErrorKind::Corrupt,
        Kind::Internal => ErrorKind::Internal,
    })
}

fn category_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 | 405 | 413 | 415 => "INVALID_INPUT",
        401 => "UNAUTHORIZED",
        403 => "FORBIDDEN",
        404 => "NOT_FOUND",
        409 => "CONFLICT",
        429 => "CAPACITY_EXCEEDED",
        501 => "UNSUPPORTED",
        503 => "SERVICE_UNAVAILABLE",
        504 => "TIMEOUT",
        _ => "RUNTIME_FAILURE",
    }
}

/// The class that older clients expect beside a code; they print it and compare nothing.
fn class_of(error: &str) -> &'static str {
    match error {
        "Query timeout" => "org.apache.druid.query.QueryTimeoutException",
        "Query cancelled" | "Query interrupted" => "org.apache.druid.query.QueryInterruptedException",
        "Query capacity exceeded" => "org.apache.druid.query.QueryCapacityExceededException",
        "Resource limit exceeded" => "org.apache.druid.query.ResourceLimitExceededException",
        "Unsupported operation" => "org.apache.druid.query.QueryUnsupportedException",
        "Json parse failed" => "com.fasterxml.jackson.core.JsonParseException",
        _ => "org.apache.druid.query.QueryException",
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Body::Empty => self.status.into_response(),
            Body::Text(text) => (self.status, [(header::CONTENT_TYPE, "text/plain")], text).into_response(),
            Body::Json(value) => {
                (self.status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
            }
        };
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(id) = self.query_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
            response.headers_mut().insert("x-druid-query-id", id);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(error: &ApiError) -> Vec<&str> {
        match &error.body {
            Body::Json(Value::Object(map)) => map.keys().map(String::as_str).collect(),
            other => panic!("not an object: {other:?}"),
        }
    }

    #[test]
    fn every_query_error_has_the_four_fields_of_old_clients() {
        let status = StatusCode::GATEWAY_TIMEOUT;
        for error in [
            ApiError::unreadable_query("Json parse failed", "x"),
            ApiError::failed_query(status, "Query timeout", "x"),
            ApiError::druid(StatusCode::BAD_REQUEST, "invalidInput", "x", json!({})),
        ] {
            for field in ["error", "errorMessage", "errorClass", "host"] {
                assert!(keys(&error).contains(&field), "{field}");
            }
        }
    }

    #[test]
    fn capacity_says_when_to_come_back() {
        let error = ApiError::failed_query(StatusCode::TOO_MANY_REQUESTS, "Query capacity exceeded", "x");
        assert_eq!(error.into_response().headers()[header::RETRY_AFTER], "1");
    }
}
