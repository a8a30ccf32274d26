//! Threads share the merge of many groups, and the rows of a large segment.

use std::sync::Arc;

use aggregate::ColumnType;
use segment::{BatchView, DimensionSchema, RollupSchema, SealedSegment, Segment, SegmentRef, Source};
use serde_json::{Value, json};
use timeline::SegmentId;

use super::splits::Threads;
use super::support::*;
use crate::{ExecContext, Query};

const NUM_ROWS: usize = 140_000;
/// Enough for two pieces.
const LARGE: usize = 2_200_000;

/// So large that it is folded by itself; most groups are those of one segment alone.
fn segment(number: u32, num_rows: usize) -> SegmentRef {
    let id = format!("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1_{number}");
    // Every third one has texts of its own.
    let hue = if number % 3 == 2 { "d" } else { "c" };
    let color = |row: usize| (row + number as usize) % 5;
    let user = move |row: usize| (row * (7 + number as usize * 4) % 45_000) as i64;
    BatchView::builder()
        .id(SegmentId::parse(&id, "t").unwrap())
        .time((0..num_rows as i64).map(|row| DAY0 + row * (24 * HOUR / num_rows as i64)))
        .long("user", (0..num_rows).map(|row| Some(user(row))))
        .string("color", (0..num_rows).map(|row| (color(row) > 0).then(|| format!("{hue}{}", color(row)))))
        .string("shade", (0..num_rows).map(|row| Some(if color(row) > 2 { "dark" } else { "light" })))
        .double("x", (0..num_rows).map(|row| (row % 7 > 0).then_some((row % 100) as f64 / 4.0)))
        .build()
        .unwrap()
}

#[test]
fn threads_that_share_a_merge_give_what_one_gives() {
    let segments: Vec<SegmentRef> = (0..3).map(|number| segment(number, NUM_ROWS)).collect();
    let user = json!({"type": "default", "dimension": "user", "outputName": "user", "outputType": "LONG"});
    let aggregations = json!([count(), sum(), {"type": "HLLSketchBuild", "name": "h", "fieldName": "color", "lgK": 4}]);
    for (granularity, dimensions) in [("all", json!([user])), ("hour", json!(["color", user]))] {
        let more = json!({"granularity": granularity, "dimensions": dimensions, "aggregations": aggregations});
        assert_same(&segments, &query("groupBy", more));
    }
}

#[test]
fn segments_one_behind_the_other_give_what_they_give_apart() {
    // The first two have the same texts, as have those behind the third.
    let segments: Vec<SegmentRef> = [0, 1, 2, 3, 4].map(|number| segment(number, NUM_ROWS)).to_vec();
    let bound = segments.iter().map(|segment| sealed(segment.as_ref())).collect::<Vec<_>>();
    let most = json!({"type": "doubleMax", "name": "most", "fieldName": "x"});
    let red = json!({"type": "selector", "dimension": "color", "value": "c1"});
    let some = json!({"type": "filtered", "filter": red, "aggregator": {"type": "count", "name": "some"}});
    let distinct = json!({"type": "cardinality", "name": "d", "fields": ["user"], "byRow": false});
    for segments in [segments, bound] {
        for granularity in ["all", "hour"] {
            for aggregations in [json!([count(), sum(), some]), json!([most, distinct]), json!([most]), json!([sum()])]
            {
                for dimensions in [json!([]), json!(["color"]), json!(["shade", "color"])] {
                    let more = json!({"granularity": granularity, "dimensions": dimensions, "aggregations": aggregations,
                        "intervals": "2022-01-01T03:10/2022-01-01T20:00"});
                    assert_same(&segments, &query("groupBy", more));
                }
            }
        }
    }
}

#[test]
fn pieces_of_a_large_segment_give_what_the_whole_gives() {
    let segments = [sealed(segment(0, LARGE).as_ref())];
    let distinct = json!({"type": "cardinality", "name": "d", "fields": ["user"], "byRow": false});
    let red = json!({"type": "selector", "dimension": "color", "value": "c1"});
    let some = json!({"type": "filtered", "filter": red, "aggregator": {"type": "count", "name": "some"}});
    let doubled =
        json!([{"type": "expression", "name": "y", "expression": "x * 2 + strlen(color)", "outputType": "DOUBLE"}]);
    let tripled = json!({"type": "doubleSum", "name": "y", "fieldName": "y"});
    let numbers = json!([count(), sum(), some, tripled]);
    for more in [
        json!({"granularity": "all", "aggregations": [distinct]}),
        json!({"granularity": "all", "aggregations": [count(), distinct]}),
        json!({"granularity": "all", "aggregations": [distinct], "filter": red}),
        json!({"granularity": "hour", "aggregations": numbers, "virtualColumns": doubled}),
    ] {
        assert_same(&segments, &query("timeseries", more));
    }
    let more = json!({"dimensions": ["color"], "aggregations": numbers, "virtualColumns": doubled, "filter":
        {"type": "like", "dimension": "color", "pattern": "c%"}});
    assert_same(&segments, &query("groupBy", more));
}

/// The same rows as an image.
fn sealed(rows: &dyn Segment) -> SegmentRef {
    let dimensions = [
        ("user", ColumnType::Long),
        ("color", ColumnType::String),
        ("shade", ColumnType::String),
        ("x", ColumnType::Double),
    ];
    let dimensions = dimensions.map(|(name, of)| DimensionSchema::new(name, of)).to_vec();
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) };
    let mut image = Vec::new();
    segment::write_image(&segment::merge(&[Source::all(rows)], &schema).unwrap(), &mut image).unwrap();
    Arc::new(SealedSegment::from_bytes(image.into(), rows.id().clone()).unwrap())
}

/// One thread and several give the same answer.
fn assert_same(segments: &[SegmentRef], asked: &Value) {
    let inline = ExecContext::inline(1 << 30);
    let threads = ExecContext { executor: Arc::new(Threads), ..inline.clone() };
    let query = Query::parse(asked.to_string().as_bytes()).unwrap();
    let [one, shared] = [&inline, &threads].map(|exec| {
        let partial = crate::run_leaf(&query, segments, exec).unwrap();
        crate::finalize(&query, partial, exec).and_then(|answer| answer.to_json()).unwrap()
    });
    assert!(one == shared, "{asked}: {} and {} bytes", one.len(), shared.len());
}
