//! Native queries: JSON in, a JSON array out.

use super::body::{self, is_json};
use super::coverage;
use super::error::{ApiError, status_of};
use super::respond;
use super::smile;
use crate::context::NodeContext;
use crate::queries::{AnswerBody, Begun, Facts, Indenter, begin};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, post};
use bytes::Bytes;
use expression::Environment;
use query::Query;
use serde_json::json;
use sha1::{Digest, Sha1};
use std::collections::HashMap;
use std::sync::Arc;

type Node = State<Arc<NodeContext>>;

/// A header may be so long; more is kept to be fetched.
const MAX_COVERS_HEADER: usize = 4 << 10;
/// Above this a query is parsed off the threads that wait.
const SMALL_QUERY: usize = 16 << 10;

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new().route("/druid/v2", post(ask)).route("/druid/v2/{id}", delete(cancel)).with_state(node)
}

/// 202 whether the query is known or not.
async fn cancel(State(node): Node, Path(id): Path<String>) -> StatusCode {
    node.running.cancel(&id);
    StatusCode::ACCEPTED
}

async fn ask(
    State(node): Node,
    Parameters(parameters): Parameters<HashMap<String, String>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let is_smile = smile::is_smile(&headers);
    if !is_smile && !is_json(&headers) {
        return Err(ApiError::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    if !accepts_json(&headers) && !smile::is_wanted(&headers) {
        return Err(ApiError::empty(StatusCode::NOT_ACCEPTABLE));
    }
    let bytes = body::read(body, node.config.http.max_query_bytes).await?;
    let answered = match if is_smile { smile::to_json(bytes).await } else { Ok(bytes) } {
        Ok(bytes) => ask_json(&node, &headers, respond::is_pretty(&parameters), bytes).await,
        Err(why) => Err(ApiError::unreadable_query("Json parse failed", &format!("the query is not SMILE: {why}"))),
    };
    if smile::is_wanted(&headers) { Ok(smile::response(answered.into_response()).await) } else { answered }
}

async fn ask_json(
    node: &NodeContext,
    headers: &HeaderMap,
    is_pretty: bool,
    bytes: Bytes,
) -> Result<Response, ApiError> {
    let started_ms = node.clock.monotonic_ms();
    let num_lookups_changed = node.lookups.num_changes();
    let query = parse(node, bytes).await.map_err(|error| failed(&error))?;
    let query_type = query.query_type();
    let answered = answer(node, query, num_lookups_changed, headers, is_pretty).await;
    let took_ms = node.clock.monotonic_ms().saturating_sub(started_ms);
    node.query_metrics.ended(query_type, took_ms, answered.is_ok());
    answered
}

/// Anything that admits JSON, the absence of a wish included.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut wishes = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    if wishes.peek().is_none() {
        return true;
    }
    wishes.flat_map(|value| value.split(',')).any(|wish| {
        let media = wish.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(media.as_str(), "" | "*/*" | "application/*" | "application/json")
    })
}

async fn parse(node: &NodeContext, bytes: Bytes) -> query::Result<Query> {
    let environment = Environment::new(node.lookups.snapshot(), node.clock.now_ms());
    if bytes.len() <= SMALL_QUERY {
        return Query::parse_with(&bytes, &environment);
    }
    let parsed = tokio::task::spawn_blocking(move || Query::parse_with(&bytes, &environment));
    parsed.await.unwrap_or_else(|panic| Err(query::Error::Internal(panic.to_string())))
}

async fn answer(
    node: &NodeContext,
    query: Query,
    num_lookups_changed: u64,
    headers: &HeaderMap,
    is_pretty: bool,
) -> Result<Response, ApiError> {
    let id = query.context().query_id().map_or_else(|| node.new_uuid(), str::to_string);
    let text = query.as_json().to_string();
    let started_ms = node.clock.monotonic_ms();
    let ticket = node.running.enter(&id);
    let context = coverage::response_context(node, &query).map_err(|error| with_id(failed(&error), &id))?;
    let begun = begin(node, query, ticket).await.map_err(|error| with_id(failed(&error), &id))?;
    let took_ms = node.clock.monotonic_ms().saturating_sub(started_ms);
    let asked_tag = headers.get(header::IF_NONE_MATCH);
    let tag = asked_tag.map(|_| entity_tag(&text, num_lookups_changed, &begun.facts));
    if let (Some(tag), Some(asked)) = (&tag, asked_tag)
        && asked.as_bytes() == tag.as_bytes()
    {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        put(response.headers_mut(), "x-druid-query-id", &id);
        put(response.headers_mut(), "etag", tag);
        return Ok(response);
    }
    let stats = json!({"segments": begun.facts.num_segments, "rows": begun.facts.num_rows, "bytes": begun.facts.num_bytes,
        "memory": begun.facts.most_memory_bytes, "spilled": begun.facts.spilled_bytes, "ms": took_ms,
        "cpuMs": begun.facts.cpu_us as f64 / 1e3});
    let covers = covers_header(node, &id, &begun.facts);
    let snapshot = json!(begun.facts.snapshots).to_string();
    let mut response = respond(begun, is_pretty);
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    put(out, "x-druid-query-id", &id);
    put(out, "x-druid-response-context", &context);
    put(out, "x-dolmen-covers", &covers);
    put(out, "x-dolmen-snapshot", &snapshot);
    put(out, "x-dolmen-stats", &stats.to_string());
    if let Some(tag) = tag {
        put(out, "etag", &tag);
    }
    Ok(response)
}

/// A short answer in one piece, a long one as it is made.
fn respond(begun: Begun, is_pretty: bool) -> Response {
    if begun.rest.is_some() {
        let body = AnswerBody::new(begun.first, begun.rest, begun.held, is_pretty);
        let mut response = Response::new(Body::new(body));
        let trailers = HeaderValue::from_static("X-Error-Message, X-Druid-Response-Complete");
        response.headers_mut().insert(header::TRAILER, trailers);
        return response;
    }
    let mut whole = begun.first;
    if is_pretty {
        let mut indented = Vec::with_capacity(whole.len() * 2);
        Indenter::default().write(&whole, &mut indented);
        whole = indented;
    }
    Response::new(Body::from(whole))
}

fn covers_header(node: &NodeContext, id: &str, facts: &Facts) -> String {
    let covers = json!(facts.covers).to_string();
    if covers.len() <= MAX_COVERS_HEADER {
        return covers;
    }
    node.covers.keep(id, covers, node.clock.monotonic_ms());
    json!({ "id": id }).to_string()
}

/// Changes with the question and with what was there to be read.
fn entity_tag(query: &str, num_lookups_changed: u64, facts: &Facts) -> String {
    let mut hash = Sha1::new();
    for part in
        [query, &num_lookups_changed.to_string(), &json!(facts.snapshots).to_string(), &json!(facts.covers).to_string()]
    {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(hash.finalize())
}

/// Puts a header unless its text cannot be one.
fn put(headers: &mut HeaderMap, name: &'static str, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

fn with_id(mut error: ApiError, id: &str) -> ApiError {
    error.query_id = Some(id.to_string());
    error
}

/// An error of the query room as clients see it.
fn failed(error: &query::Error) -> ApiError {
    let message = error.to_string();
    match error {
        query::Error::Json(_) | query::Error::Invalid(_) => ApiError::unreadable_query(error.code(), &message),
        query::Error::Capacity(_) => ApiError::failed_query(StatusCode::TOO_MANY_REQUESTS, error.code(), &message),
        query::Error::Context(_) => ApiError::failed_query(StatusCode::BAD_REQUEST, error.code(), &message),
        other => ApiError::failed_query(status_of(other.kind()), other.code(), &message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(wish: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(wish).expect("a header"));
        accepts_json(&headers)
    }

    #[test]
    fn json_must_be_admitted() {
        for good in ["*/*", "application/json", "text/html, application/json;q=0.9"] {
            assert!(accepts(good), "{good}");
        }
        for bad in ["text/html", "application/smile", "text/csv;q=1"] {
            assert!(!accepts(bad), "{bad}");
        }
        assert!(accepts_json(&HeaderMap::new()));
    }

    #[test]
    fn every_error_of_a_query_has_a_status_of_its_own() {
        let status = |error: query::Error| failed(&error).status.as_u16();
        assert_eq!(status(query::Error::Timeout { timeout_ms: 1 }), 504);
        assert_eq!(status(query::Error::Capacity("x".into())), 429);
        assert_eq!(status(query::Error::ResourceLimit("x".into())), 400);
        assert_eq!(status(query::Error::Unsupported("x".into())), 501);
        assert_eq!(status(query::Error::Cancelled), 500);
    }
}
