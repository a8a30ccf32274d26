//! Answers that show the first groups in the order of time read no more than these.

use serde_json::json;

use super::support::*;
use crate::{ExecContext, Query};

/// Three rows an hour, of two colors, in segments of so many rows.
fn hours(num_hours: i64, segment_rows: usize) -> Vec<segment::SegmentRef> {
    let row = |at: i64| row(DAY0 + at * HOUR / 3, Some(["red", "blue"][at as usize % 2]), &["a"], Some(at), None);
    let rows: Vec<Row> = (0..num_hours * 3).map(row).collect();
    rows.chunks(segment_rows).map(|rows| segment(rows, 0)).collect()
}

#[test]
fn no_more_time_is_read_than_the_first_groups_need() {
    let exec = ExecContext::inline(1 << 30);
    let by_hour = |kind: &str, more: serde_json::Value| {
        let mut query = query(kind, json!({"granularity": "hour", "aggregations": [count()]}));
        query.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        Query::parse(query.to_string().as_bytes()).expect("a query")
    };
    let limit = |limit: usize| json!({"dimensions": ["color"], "limitSpec": {"type": "default", "limit": limit}});
    let num_groups = |query: &Query, segment_rows: usize| {
        let partial = crate::run_leaf(query, &hours(20, segment_rows), &exec).expect("a partial");
        partial.into_fold().expect("groups").times
    };
    for segment_rows in [60, 7, 3] {
        let times = num_groups(&by_hour("groupBy", limit(6)), segment_rows);
        assert!((6..=14).contains(&times.len()), "{times:?}");
        assert!(times.iter().all(|time| *time < DAY0 + 8 * HOUR));
        assert_eq!(num_groups(&by_hour("groupBy", limit(1_000)), segment_rows).len(), 40);
        let times = num_groups(&by_hour("timeseries", json!({"limit": 3, "descending": true})), segment_rows);
        assert!(times.len() < 8 && times.contains(&(DAY0 + 19 * HOUR)) && times.contains(&(DAY0 + 17 * HOUR)));
    }
}
