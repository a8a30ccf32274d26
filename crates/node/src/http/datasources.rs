//! What can be queried now: datasources and their columns.

use super::error::ApiError;
use super::respond;
use crate::context::NodeContext;
use axum::Router;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use cluster::Moment;
use query::Sources;
use segment::SegmentRef;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use timeline::Interval;

type Node = State<Arc<NodeContext>>;
type Asked = Parameters<HashMap<String, String>>;

const WEEK_MS: i64 = 7 * 24 * 3_600_000;

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new()
        .route("/druid/v2/datasources", get(names))
        .route("/druid/v2/datasources/{name}", get(columns))
        .route("/druid/v2/datasources/{name}/dimensions", get(dimensions))
        .route("/druid/v2/datasources/{name}/metrics", get(metrics))
        .route("/druid/v2/datasources/{name}/candidates", get(candidates))
        .with_state(node)
}

/// Datasources with at least one segment or one lane that is read.
pub fn queryable(node: &NodeContext) -> BTreeSet<String> {
    let sealed = node.inventory.views().into_iter().filter(|view| !view.sealed.is_empty());
    sealed.map(|view| view.datasource.clone()).chain(node.live.datasources()).collect()
}

async fn names(State(node): Node) -> Response {
    respond::json(&json!(queryable(&node)))
}

async fn columns(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    let segments = segments(&node, &name, &asked, "interval")?;
    if !asked.contains_key("full") {
        let columns = Columns::of(&segments);
        return Ok(respond::json(&columns.to_json()));
    }
    let mut by_interval: Vec<(Interval, Vec<SegmentRef>)> = Vec::new();
    for segment in segments {
        let interval = segment.id().interval;
        match by_interval.iter_mut().find(|(known, _)| *known == interval) {
            Some((_, segments)) => segments.push(segment),
            None => by_interval.push((interval, vec![segment])),
        }
    }
    by_interval.sort_by_key(|(interval, _)| interval.start);
    Ok(respond::json(&Value::Object(merged(by_interval))))
}

/// Intervals that touch and have the same columns are one.
fn merged(by_interval: Vec<(Interval, Vec<SegmentRef>)>) -> Map<String, Value> {
    let mut merged: Vec<(Interval, Columns)> = Vec::new();
    for (interval, segments) in by_interval {
        let columns = Columns::of(&segments);
        match merged.last_mut() {
            Some((last, same)) if last.end == interval.start && *same == columns => last.end = interval.end,
            _ => merged.push((interval, columns)),
        }
    }
    merged.into_iter().map(|(interval, columns)| (interval.to_string(), columns.to_json())).collect()
}

async fn dimensions(
    State(node): Node,
    Path(name): Path<String>,
    Parameters(asked): Asked,
) -> Result<Response, ApiError> {
    Ok(respond::json(&json!(Columns::of(&segments(&node, &name, &asked, "interval")?).dimensions)))
}

async fn metrics(State(node): Node, Path(name): Path<String>, Parameters(asked): Asked) -> Result<Response, ApiError> {
    Ok(respond::json(&json!(Columns::of(&segments(&node, &name, &asked, "interval")?).metrics)))
}

async fn candidates(
    State(node): Node,
    Path(name): Path<String>,
    Parameters(asked): Asked,
) -> Result<Response, ApiError> {
    let intervals = intervals(&node, &asked, "intervals")?;
    let moment = moment(&node);
    let found = super::candidates::of(&node, &moment, &name, &intervals).map_err(|error| unavailable(&error))?;
    Ok(respond::json(&found))
}

/// Columns in the order of the segments, metrics by name.
#[derive(Default, PartialEq)]
struct Columns {
    dimensions: Vec<String>,
    metrics: BTreeSet<String>,
}

impl Columns {
    fn of(segments: &[SegmentRef]) -> Self {
        let mut columns = Self::default();
        for segment in segments {
            for dimension in segment.schema().dimensions() {
                if !columns.dimensions.iter().any(|known| known.as_str() == &*dimension.name) {
                    columns.dimensions.push(dimension.name.to_string());
                }
            }
            columns.metrics.extend(segment.schema().metrics().map(|metric| metric.name.to_string()));
        }
        columns
    }

    fn to_json(&self) -> Value {
        json!({"dimensions": self.dimensions, "metrics": self.metrics})
    }
}

fn moment(node: &NodeContext) -> Moment {
    Moment::new(Arc::clone(&node.inventory), node.leaf.clone())
}

fn segments(
    node: &NodeContext,
    name: &str,
    asked: &HashMap<String, String>,
    key: &str,
) -> Result<Vec<SegmentRef>, ApiError> {
    let intervals = intervals(node, asked, key)?;
    moment(node).segments(name, &intervals).map_err(|error| unavailable(&error))
}

/// The intervals asked for, separated by commas; the last week when none are.
fn intervals(node: &NodeContext, asked: &HashMap<String, String>, key: &str) -> Result<Vec<Interval>, ApiError> {
    let Some(text) = asked.get(key).filter(|text| !text.is_empty()) else {
        let now = node.clock.now_ms();
        return Ok(vec![Interval { start: now.saturating_sub(WEEK_MS), end: now }]);
    };
    let parse = |text: &str| {
        text.trim()
            .parse::<Interval>()
            .map_err(|error| ApiError::message(StatusCode::BAD_REQUEST, format!("{key}: {error}")))
    };
    text.split(',').map(parse).collect()
}

fn unavailable(error: &query::Error) -> ApiError {
    ApiError::message(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
}
