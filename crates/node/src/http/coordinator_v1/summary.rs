//! Datasources and segments in the words of clients.

use crate::context::NodeContext;
use cluster::{Sealed, View};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use timeline::{Interval, instant};

pub const TIER: &str = "_default_tier";

/// The view of a datasource that has sealed segments.
pub fn known(node: &NodeContext, name: &str) -> Option<Arc<View>> {
    node.inventory.view(name).filter(|view| !view.sealed.is_empty())
}

/// All of them, by name.
pub fn all(node: &NodeContext) -> Vec<Arc<View>> {
    node.inventory.views().into_iter().filter(|view| !view.sealed.is_empty()).collect()
}

/// Sizes and times of a datasource.
pub fn properties(view: &View) -> Value {
    let size: i64 = view.sealed.iter().map(|sealed| sealed.record.size).sum();
    let count = view.sealed.len();
    let min = view.sealed.iter().map(|sealed| sealed.record.start).min();
    let max = view.sealed.iter().map(|sealed| sealed.record.end).max();
    json!({
        "tiers": {TIER: {"size": size, "replicatedSize": size, "segmentCount": count}},
        "segments": {
            "maxTime": max.map(instant::text),
            "size": size,
            "minTime": min.map(instant::text),
            "count": count,
            "replicatedSize": size,
        },
    })
}

/// Everything of a datasource.
pub fn full(view: &View) -> Value {
    json!({
        "name": view.datasource,
        "properties": {},
        "segments": view.sealed.iter().map(segment).collect::<Vec<_>>(),
    })
}

/// One segment.
pub fn segment(sealed: &Sealed) -> Value {
    let record = &sealed.record;
    let names = |metrics: bool| {
        let schema = sealed.segment.schema();
        let columns: Vec<&str> = if metrics {
            schema.metrics().map(|column| &*column.name).collect()
        } else {
            schema.dimensions().map(|column| &*column.name).collect()
        };
        columns.join(",")
    };
    json!({
        "dataSource": record.datasource,
        "interval": record.interval().to_string(),
        "version": record.version_text(),
        "loadSpec": {"type": "dolmen", "path": record.path},
        "dimensions": names(false),
        "metrics": names(true),
        "shardSpec": record.shard_spec,
        "lastCompactionState": null,
        "binaryVersion": 9,
        "size": record.size,
        "totalRows": record.rows,
        "identifier": record.id().to_string(),
    })
}

/// Segments by time chunk, newest first.
pub fn by_interval(view: &View) -> Vec<(Interval, Vec<&Sealed>)> {
    let mut chunks: BTreeMap<(i64, i64), Vec<&Sealed>> = BTreeMap::new();
    for sealed in &view.sealed {
        chunks.entry((sealed.record.start, sealed.record.end)).or_default().push(sealed);
    }
    chunks.into_iter().rev().map(|((start, end), segments)| (Interval { start, end }, segments)).collect()
}

/// Count and size of some segments.
pub fn count_and_size(segments: &[&Sealed]) -> Value {
    let size: i64 = segments.iter().map(|sealed| sealed.record.size).sum();
    json!({"size": size, "count": segments.len()})
}

/// An interval in a path: `a_b` or `a/b` escaped.
pub fn path_interval(text: &str) -> Result<Interval, String> {
    let text = text.replacen('_', "/", 1);
    text.parse().map_err(|error| format!("interval [{text}]: {error}"))
}
