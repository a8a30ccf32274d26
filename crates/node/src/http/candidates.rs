//! Which segments a query would read, and who holds them.

use super::body;
use super::error::ApiError;
use super::respond;
use crate::context::NodeContext;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use cluster::Moment;
use query::{Query, Sources};
use serde_json::{Value, json};
use std::sync::Arc;
use timeline::Interval;

pub fn routes(node: Arc<NodeContext>) -> Router {
    Router::new().route("/druid/v2/candidates", post(ask)).with_state(node)
}

async fn ask(State(node): State<Arc<NodeContext>>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    if !body::is_json(&headers) {
        return Err(ApiError::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let bytes = body::read(body, node.config.http.max_query_bytes).await?;
    let query = Query::parse(&bytes).map_err(|error| ApiError::unreadable_query(error.code(), &error.to_string()))?;
    let moment = Moment::new(Arc::clone(&node.inventory), node.leaf.clone());
    let mut all = Vec::new();
    for datasource in query.datasources() {
        let found = of(&node, &moment, &datasource, query.intervals());
        let found = found.map_err(|error| ApiError::message(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
        all.extend(found.as_array().cloned().unwrap_or_default());
    }
    Ok(respond::json(&Value::Array(all)))
}

/// The segments of a datasource that may hold rows of the intervals.
pub fn of(node: &NodeContext, moment: &Moment, datasource: &str, intervals: &[Interval]) -> query::Result<Value> {
    let location = server(node);
    let segments = moment.segments(datasource, intervals)?;
    let entries = segments.iter().map(|segment| {
        let id = segment.id();
        json!({
            "interval": id.interval.to_string(),
            "version": id.version,
            "partitionNumber": id.partition_num,
            "size": segment.schema().columns().iter().filter_map(|column| segment.column(&column.name)).map(|column| column.size_bytes()).sum::<u64>(),
            "locations": [location],
        })
    });
    Ok(Value::Array(entries.collect()))
}

/// This process as clients see a server that holds segments.
pub fn server(node: &NodeContext) -> Value {
    let host = format!("{}:{}", node.name.host, node.name.port);
    json!({
        "name": host,
        "host": host,
        "hostAndTlsPort": null,
        "maxSize": node.serving.capacity_bytes(),
        "type": "historical",
        "tier": "_default_tier",
        "priority": 0,
    })
}
