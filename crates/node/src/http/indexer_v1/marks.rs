//! Segments taken out of use and brought back.

use crate::context::NodeContext;
use crate::http::body;
use crate::http::coordinator_v1::failed_read;
use crate::http::error::{ApiError, status_of_metastore};
use crate::http::respond;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, post};
use metastore::{Authority, RemovedWhy, Retire, Segment, Undo};
use serde_json::{Value, json};
use std::sync::Arc;
use timeline::Interval;

type Node = State<Arc<NodeContext>>;
type Answer = Result<Response, ApiError>;

pub fn routes() -> Router<Arc<NodeContext>> {
    under("/datasources/{name}")
}

/// The same under the coordinator's older paths.
pub fn coordinator_routes() -> Router<Arc<NodeContext>> {
    under("/druid/coordinator/v1/datasources/{name}")
}

fn under(base: &str) -> Router<Arc<NodeContext>> {
    Router::new()
        .route(base, delete(all_unused).post(all_used))
        .route(&format!("{base}/markUnused"), post(mark_unused))
        .route(&format!("{base}/markUsed"), post(mark_used))
        .route(&format!("{base}/segments/{{id}}"), delete(one_unused).post(one_used))
}

/// Which segments are meant.
enum Selector {
    All,
    Inside(Interval),
    Ids(Vec<String>),
}

impl Selector {
    /// `interval` or `segmentIds`, one of them.
    fn parse(body: &Value) -> Result<Self, ApiError> {
        let wrong = |why: String| ApiError::json(StatusCode::BAD_REQUEST, json!(why));
        let present = |key: &str| body.get(key).filter(|value| !value.is_null());
        match (present("interval"), present("segmentIds")) {
            (Some(interval), None) => {
                let text = interval.as_str().unwrap_or_default();
                text.parse().map(Self::Inside).map_err(|error| wrong(format!("interval [{text}]: {error}")))
            }
            (None, Some(ids)) => {
                let ids = ids.as_array().ok_or_else(|| wrong("segmentIds must be a list".into()))?;
                Ok(Self::Ids(ids.iter().filter_map(Value::as_str).map(str::to_string).collect()))
            }
            _ => Err(wrong("Exactly one of 'interval' and 'segmentIds' must be given".into())),
        }
    }

    fn has(&self, segment: &Segment) -> bool {
        match self {
            Self::All => true,
            Self::Inside(interval) => interval.contains_interval(&segment.interval()),
            Self::Ids(ids) => ids.contains(&segment.id().to_string()),
        }
    }
}

async fn all_unused(State(node): Node, Path(name): Path<String>) -> Answer {
    retire(&node, &name, &Selector::All).await
}

async fn all_used(State(node): Node, Path(name): Path<String>) -> Answer {
    restore(&node, &name, &Selector::All).await
}

async fn one_unused(State(node): Node, Path((name, id)): Path<(String, String)>) -> Answer {
    retire(&node, &name, &Selector::Ids(vec![id])).await
}

async fn one_used(State(node): Node, Path((name, id)): Path<(String, String)>) -> Answer {
    restore(&node, &name, &Selector::Ids(vec![id])).await
}

async fn mark_unused(State(node): Node, Path(name): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let body = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    retire(&node, &name, &Selector::parse(&body)?).await
}

async fn mark_used(State(node): Node, Path(name): Path<String>, headers: HeaderMap, body: Body) -> Answer {
    let body = body::json(&headers, body, node.config.http.max_spec_bytes).await?;
    restore(&node, &name, &Selector::parse(&body)?).await
}

/// The datasource's id and those of its segments that are meant; `None` when there are none.
async fn meant(
    node: &NodeContext,
    name: &str,
    is_meant: impl Fn(&Segment) -> bool,
) -> Result<Option<(String, Vec<String>)>, ApiError> {
    let Some(datasource) = node.metastore.datasource(name).await.map_err(failed_read)? else {
        return Ok(None);
    };
    let segments = node.metastore.segments(&datasource.datasource_id).await.map_err(failed_read)?;
    let ids: Vec<String> = segments.into_iter().filter(is_meant).map(|segment| segment.seg_id).collect();
    Ok((!ids.is_empty()).then_some((datasource.datasource_id, ids)))
}

fn by_client() -> Authority {
    Authority::Operator("api".into())
}

async fn retire(node: &NodeContext, name: &str, which: &Selector) -> Answer {
    let Some((datasource_id, segments)) = meant(node, name, |segment| segment.is_live() && which.has(segment)).await?
    else {
        return Ok(changed(0));
    };
    let request = Retire { datasource_id, segments, reason_id: node.new_uuid(), by: by_client() };
    let done = node.metastore.retire(&request).await.into_result();
    done.map(|removal| changed(removal.changed.len())).map_err(refused)
}

async fn restore(node: &NodeContext, name: &str, which: &Selector) -> Answer {
    let is_retired = |segment: &Segment| segment.removed_why == Some(RemovedWhy::Retired);
    let Some((datasource_id, segments)) =
        meant(node, name, |segment| is_retired(segment) && which.has(segment)).await?
    else {
        return Ok(changed(0));
    };
    let request = Undo { datasource_id, segments, reason_id: node.new_uuid(), by: by_client() };
    let done = node.metastore.undo(&request).await.into_result();
    done.map(|removal| changed(removal.changed.len())).map_err(refused)
}

fn refused(refusal: metastore::Refusal) -> ApiError {
    ApiError::message(status_of_metastore(refusal.kind()), refusal.to_string())
}

fn changed(count: usize) -> Response {
    respond::json(&json!({"numChangedSegments": count, "segmentStateChanged": count > 0}))
}
