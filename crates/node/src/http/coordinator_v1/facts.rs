//! Configuration values in the metastore: read, written with author and comment, listed with their past.

use crate::context::NodeContext;
use crate::http::error::ApiError;
use axum::http::{HeaderMap, StatusCode};
use metastore::{Config, SetConfig};
use serde_json::{Value, json};
use std::collections::HashMap;
use timeline::instant;

const MAX_HEADER: usize = 1_000;

/// What a failed read means to a client.
pub fn unavailable(error: metastore::Error) -> ApiError {
    ApiError::message(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}

/// The present value.
pub async fn read(node: &NodeContext, key: &str) -> Result<Option<Value>, ApiError> {
    let config = node.metastore.config(key).await.map_err(unavailable)?;
    Ok(config.and_then(|config| value_of(&config)))
}

/// The JSON of one version; absent when it deleted the value.
pub fn value_of(config: &Config) -> Option<Value> {
    config.json.as_deref().and_then(|text| serde_json::from_str(text).ok())
}

/// Writes the next version; `None` deletes.
pub async fn write(node: &NodeContext, key: &str, value: Option<&Value>, headers: &HeaderMap) -> Result<(), ApiError> {
    let request = SetConfig {
        key: key.to_string(),
        expected_version: None,
        json: value.map(Value::to_string),
        author: header(headers, "x-druid-author"),
        comment: header(headers, "x-druid-comment"),
        ip: String::new(),
    };
    let written = node.metastore.set_config(&request).await.into_result();
    written.map(drop).map_err(|refusal| {
        ApiError::message(crate::http::error::status_of_metastore(refusal.kind()), refusal.to_string())
    })
}

/// The text of a header, cut when it is long; empty when there is none.
pub fn header(headers: &HeaderMap, name: &str) -> String {
    let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.chars().take(MAX_HEADER).collect()
}

/// Versions of a value, newest first.
pub async fn history(
    node: &NodeContext,
    key: &str,
    kind: &str,
    asked: &HashMap<String, String>,
) -> Result<Vec<Value>, ApiError> {
    let count = match asked.get("count") {
        None => None,
        Some(text) => Some(text.parse::<u32>().ok().filter(|count| *count > 0).ok_or_else(|| {
            ApiError::message(StatusCode::BAD_REQUEST, format!("count [{text}] is no number above 0"))
        })?),
    };
    let versions = node.metastore.config_history(key, count).await.map_err(unavailable)?;
    Ok(versions.iter().map(|version| entry(version, kind)).collect())
}

fn entry(version: &Config, kind: &str) -> Value {
    json!({
        "key": version.key.rsplit_once('/').map_or(version.key.as_str(), |(_, name)| name),
        "type": kind,
        "auditInfo": {
            "author": version.author,
            "identity": "allowAll",
            "comment": version.comment,
            "ip": version.ip,
        },
        "request": null,
        "payload": version.json.as_deref().unwrap_or("null"),
        "auditTime": instant::text(version.at),
    })
}
