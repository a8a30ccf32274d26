//! Threads share the merge of many groups.

use std::sync::Arc;

use segment::{BatchView, SegmentRef};
use serde_json::json;
use timeline::SegmentId;

use super::splits::Threads;
use super::support::*;
use crate::{ExecContext, Query};

const NUM_ROWS: usize = 140_000;

/// So large that it is folded by itself; most groups are those of one segment alone.
fn segment(number: u32) -> SegmentRef {
    let id = format!("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1_{number}");
    let user = move |row: usize| (row * (7 + number as usize * 4) % 45_000) as i64;
    BatchView::builder()
        .id(SegmentId::parse(&id, "t").unwrap())
        .time((0..NUM_ROWS as i64).map(|row| DAY0 + row * 500))
        .long("user", (0..NUM_ROWS).map(|row| Some(user(row))))
        .string("color", (0..NUM_ROWS).map(|row| (row % 5 > 0).then(|| format!("c{}", row % 5))))
        .double("x", (0..NUM_ROWS).map(|row| (row % 7 > 0).then_some((row % 100) as f64 / 4.0)))
        .build()
        .unwrap()
}

#[test]
fn threads_that_share_a_merge_give_what_one_gives() {
    let segments: Vec<SegmentRef> = (0..3).map(segment).collect();
    let inline = ExecContext::inline(1 << 30);
    let threads = ExecContext { executor: Arc::new(Threads), ..inline.clone() };
    let user = json!({"type": "default", "dimension": "user", "outputName": "user", "outputType": "LONG"});
    let aggregations = json!([count(), sum(), {"type": "HLLSketchBuild", "name": "h", "fieldName": "color", "lgK": 4}]);
    for (granularity, dimensions) in [("all", json!([user])), ("hour", json!(["color", user]))] {
        let more = json!({"granularity": granularity, "dimensions": dimensions, "aggregations": aggregations});
        let query = Query::parse(query("groupBy", more).to_string().as_bytes()).unwrap();
        let [one, shared] = [&inline, &threads].map(|exec| {
            let partial = crate::run_leaf(&query, &segments, exec).unwrap();
            crate::finalize(&query, partial, exec).and_then(|answer| answer.to_json()).unwrap()
        });
        assert!(one == shared, "{granularity}: {} and {} bytes", one.len(), shared.len());
    }
}
