//! Request bodies: read whole, never beyond a limit.

use super::error::ApiError;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

/// Above this a body is parsed off the threads that wait.
const SMALL_BYTES: usize = 32 << 10;

/// Reads a body. 413 when it is longer than `limit`, 400 when it breaks off.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, ApiError> {
    match Limited::new(body, limit).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large(limit)),
        Err(error) if error.to_string().contains("length limit") => Err(too_large(limit)),
        Err(error) => Err(ApiError::message(StatusCode::BAD_REQUEST, format!("the body broke off: {error}"))),
    }
}

fn too_large(limit: usize) -> ApiError {
    let message = format!("the body is longer than {limit} bytes");
    ApiError::failed_query(StatusCode::PAYLOAD_TOO_LARGE, "Resource limit exceeded", &message)
}

/// Whether the body says it is JSON, with or without parameters.
pub fn is_json(headers: &HeaderMap) -> bool {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = given.split(';').next().unwrap_or_default().trim();
    media.eq_ignore_ascii_case("application/json")
}

/// Reads a JSON body of the management API: 415 for another content type, 400 `{"error"}` for broken JSON.
pub async fn json(headers: &HeaderMap, body: Body, limit: usize) -> Result<Value, ApiError> {
    if !is_json(headers) {
        return Err(ApiError::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = read(body, limit).await?;
    parse(bytes).await.map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))
}

/// As [`json`], but an absent body is null, whatever its content type.
pub async fn json_or_null(headers: &HeaderMap, body: Body, limit: usize) -> Result<Value, ApiError> {
    let bytes = read(body, limit).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Null);
    }
    if !is_json(headers) {
        return Err(ApiError::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    parse(bytes).await.map_err(|why| ApiError::message(StatusCode::BAD_REQUEST, why))
}

async fn parse(bytes: Bytes) -> Result<Value, String> {
    let read = |bytes: Bytes| first_value(&bytes).map_err(|error| format!("the body is not JSON: {error}"));
    if bytes.len() <= SMALL_BYTES {
        return read(bytes);
    }
    tokio::task::spawn_blocking(move || read(bytes)).await.unwrap_or_else(|panic| Err(panic.to_string()))
}

/// The first JSON value of the bytes; what follows it is ignored, as Druid does.
fn first_value(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter();
    values.next().unwrap_or_else(|| Err(serde::de::Error::custom("it is empty")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_first_value_is_ignored() {
        assert_eq!(first_value(b"\xef\xbb\xbf{\"a\":1} trailing").expect("JSON"), serde_json::json!({"a": 1}));
        assert!(first_value(b" ").is_err());
    }

    #[test]
    fn deep_json_is_refused_without_touching_the_stack() {
        let deep = "[".repeat(100_000);
        assert!(first_value(deep.as_bytes()).is_err());
    }

    #[tokio::test]
    async fn a_long_body_is_refused() {
        let error = read(Body::from(vec![b'x'; 11]), 10).await.expect_err("too long");
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(read(Body::from(vec![b'x'; 10]), 10).await.expect("fits").len(), 10);
    }
}
