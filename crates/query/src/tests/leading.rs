//! Limits on the first keys: what is left out must be nobody's group.

use segment::{BatchView, SegmentRef, VECTOR_ROWS};
use serde_json::{Value, json};
use timeline::SegmentId;

use super::support::*;

/// Rows whose users are scattered, or go up or down.
fn part(number: u32, place: impl Fn(i64) -> i64) -> SegmentRef {
    // The first is more than what is looked at before all.
    let num_rows = if number == 0 { 9 } else { 2 } * VECTOR_ROWS as i64 + 17;
    let users: Vec<i64> = (0..num_rows).map(|row| place(row) % 20_011 - 5_000).collect();
    let user = |row: usize| (row % 97 != 3).then_some(users[row]);
    let builder = if number == 1 { BatchView::builder().insertion_order() } else { BatchView::builder() };
    let id =
        SegmentId::parse(&format!("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1_{number}"), "t").unwrap();
    let built = builder
        .id(if number == 0 { support_id() } else { id })
        .num_rows(users.len())
        .time((0..num_rows).map(|row| DAY0 + row))
        .long("user", (0..users.len()).map(user))
        .long("sure", users.iter().map(|user| Some(*user)))
        .double("share", users.iter().map(|user| Some(*user as f64 / 8.0)))
        .string("name", (0..users.len()).map(|row| user(row).map(|user| format!("n{user}"))))
        .string("color", users.iter().map(|user| Some(["red", "green", "blue"][(user % 3).unsigned_abs() as usize])))
        .build();
    built.unwrap()
}

fn support_id() -> SegmentId {
    SegmentId::parse("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1", "t").unwrap()
}

fn parts() -> Vec<SegmentRef> {
    vec![part(0, |row| row * 7_919), part(1, |row| row / 8), part(2, |row| 1_000_000 - row / 4)]
}

fn rows(segments: &[SegmentRef], query: &Value) -> Vec<Value> {
    let answer = ask_of(segments.to_vec(), query).unwrap_or_else(|error| panic!("{error}: {query}"));
    answer.as_array().unwrap().clone()
}

#[test]
fn a_limit_keeps_the_first_of_all_groups() {
    let segments = parts();
    let long = |name: &str| json!({"type": "default", "dimension": name, "outputName": name, "outputType": "LONG"});
    let double = json!({"type": "default", "dimension": "share", "outputName": "share", "outputType": "DOUBLE"});
    let name = json!("name");
    let keys = [
        (vec![long("user")], "user", "numeric"),
        (vec![long("sure"), json!("color")], "sure", "numeric"),
        (vec![long("sure")], "sure", "lexicographic"),
        (vec![double], "share", "numeric"),
        (vec![name.clone()], "name", "lexicographic"),
        (vec![json!("color"), name.clone()], "name", "strlen"),
        (vec![name], "name", "alphanumeric"),
    ];
    let some = json!({"type": "range", "column": "sure", "matchValueType": "LONG", "lower": -4000, "upper": 9000});
    for (dimensions, by, order) in keys {
        for direction in ["ascending", "descending"] {
            let columns = json!([{"dimension": by, "direction": direction, "dimensionOrder": order}]);
            let filter = if direction == "ascending" { json!(null) } else { some.clone() };
            let mut query = query("groupBy", json!({"dimensions": dimensions, "aggregations": [count()]}));
            if !filter.is_null() {
                query["filter"] = filter;
            }
            query["limitSpec"] = json!({"type": "default", "columns": columns});
            let all = rows(&segments, &query);
            query["limitSpec"] = json!({"type": "default", "columns": columns, "limit": 7, "offset": 2});
            let first = rows(&segments, &query);
            assert_eq!(first, all[2..9], "{query}");
            query["limitSpec"] = json!({"type": "default", "columns": columns, "limit": 700});
            assert_eq!(rows(&segments, &query), all[..700], "{query}");
        }
    }
}

#[test]
fn a_limit_without_an_order_keeps_the_first_keys() {
    let segments = parts();
    let mut query = query("groupBy", json!({"dimensions": ["name", "color"], "aggregations": [count()]}));
    let all = rows(&segments, &query);
    query["limitSpec"] = json!({"type": "default", "limit": 25});
    assert_eq!(rows(&segments, &query), all[..25]);
}

#[test]
fn values_in_their_order_are_cut_by_the_threshold() {
    let segments = parts();
    for inverted in [false, true] {
        let metric = json!({"type": "dimension", "ordering": "lexicographic"});
        let metric = if inverted { json!({"type": "inverted", "metric": metric}) } else { metric };
        let answer = |threshold: usize| {
            let more =
                json!({"dimension": "name", "metric": metric, "threshold": threshold, "aggregations": [count()]});
            rows(&segments, &query("topN", more))[0]["result"].as_array().unwrap().clone()
        };
        assert_eq!(answer(30), answer(30_000)[..30]);
    }
}
