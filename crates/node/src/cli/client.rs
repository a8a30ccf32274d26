//! The HTTP client of the client commands.

use super::{CommandResult, Target};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::Value;
use std::io::Read;
use std::path::Path;

/// Talks to one store.
pub struct Store {
    base: String,
    http: Client,
}

/// A refusal, with the store's own words.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {message}")]
pub struct Refused {
    pub status: StatusCode,
    pub message: String,
}

impl Store {
    pub fn new(target: &Target) -> Self {
        Self { base: target.url.trim_end_matches('/').to_string(), http: Client::new() }
    }

    pub async fn get(&self, path: &str) -> Result<Value, Box<dyn std::error::Error>> {
        json(self.send(Method::GET, path, None).await?).await
    }

    pub async fn post(&self, path: &str, body: Option<Vec<u8>>) -> Result<Value, Box<dyn std::error::Error>> {
        json(self.send(Method::POST, path, body).await?).await
    }

    /// Sends and gives the answer when its status is a good one.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Response, Box<dyn std::error::Error>> {
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.map_err(|error| format!("cannot reach {}: {error}", self.base))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        Err(Box::new(Refused { status, message: message_of(&answer.text().await.unwrap_or_default()) }))
    }
}

/// The telling part of an error body in any of Druid's shapes, or the body itself.
fn message_of(body: &str) -> String {
    let Ok(value) = serde_json::from_str::<Value>(body) else {
        return body.trim().to_string();
    };
    for key in ["errorMessage", "error"] {
        if let Some(text) = value.get(key).and_then(Value::as_str) {
            return text.to_string();
        }
    }
    value.to_string()
}

async fn json(answer: Response) -> Result<Value, Box<dyn std::error::Error>> {
    let bytes = answer.bytes().await?;
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())))
}

/// Reads a file, or standard input for `-`.
pub fn read_input(path: &Path) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// One path segment, with everything escaped that could end it.
pub fn escape(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Prints a JSON value on several lines.
pub fn print_json(value: &Value) -> CommandResult {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_of_an_error_is_found_in_every_shape() {
        assert_eq!(message_of(r#"{"error":"Unknown exception","errorMessage":"why"}"#), "why");
        assert_eq!(message_of(r#"{"error":"what"}"#), "what");
        assert_eq!(message_of("Cannot find it\n"), "Cannot find it");
    }

    #[test]
    fn a_path_segment_cannot_leave_its_place() {
        assert_eq!(escape("a/../b c"), "a%2F..%2Fb%20c");
    }
}
