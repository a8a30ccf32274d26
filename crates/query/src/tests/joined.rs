//! Many small segments are folded into one table; so are columns whose types change from one to the next.

use segment::{BatchView, BatchViewBuilder, SegmentRef};
use serde_json::{Value, json};
use timeline::SegmentId;

use super::support::*;

const NUM_ROWS: usize = 1_200;

fn builder(number: u32) -> BatchViewBuilder {
    let id = format!("t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1_{number}");
    let times = (0..NUM_ROWS as i64).map(|row| DAY0 + row * 60_000 + i64::from(number));
    BatchView::builder().id(SegmentId::parse(&id, "t").unwrap()).num_rows(NUM_ROWS).time(times)
}

/// A number of 0 to 399 in each row, and what the segment calls it: a long, a text, or nothing at all.
fn segment(number: u32) -> SegmentRef {
    let code = move |row: usize| row * (number as usize * 2 + 7) % 400;
    let builder = builder(number).string("name", (0..NUM_ROWS).map(|row| Some(format!("n{}", code(row)))));
    let lists =
        (0..NUM_ROWS).map(|row| (0..row % 3).map(|at| Some(format!("t{}", (row + at) % 5))).collect::<Vec<_>>());
    let builder = builder.strings("tags", lists);
    let built = match number % 3 {
        0 => builder.long("code", (0..NUM_ROWS).map(|row| Some(code(row) as i64))).build(),
        1 => builder.string("code", (0..NUM_ROWS).map(|row| Some(code(row).to_string()))).build(),
        _ => builder.build(),
    };
    built.unwrap()
}

fn rows(segments: &[u32], query: &Value) -> Vec<Value> {
    let segments = segments.iter().map(|number| segment(*number)).collect();
    let answer = ask_of(segments, query).unwrap_or_else(|error| panic!("{error}: {query}"));
    answer.as_array().unwrap().clone()
}

/// The count of each group, over several segments and the sum of those over each alone.
fn check(segments: &[u32], query: &Value, name: &str) {
    let mut expected = std::collections::BTreeMap::<String, i64>::new();
    for segment in segments {
        for row in rows(&[*segment], query) {
            let key = format!("{} {}", row["timestamp"], row["event"][name]);
            *expected.entry(key).or_default() += row["event"]["n"].as_i64().unwrap();
        }
    }
    let all = rows(segments, query);
    assert_eq!(all.len(), expected.len(), "{query}");
    for row in all {
        let key = format!("{} {}", row["timestamp"], row["event"][name]);
        assert_eq!(expected.get(&key), row["event"]["n"].as_i64().as_ref(), "{key} of {query}");
    }
}

#[test]
fn small_segments_together_are_the_sum_of_each() {
    let long = json!({"type": "default", "dimension": "code", "outputName": "code", "outputType": "LONG"});
    let few = json!({"type": "bound", "dimension": "name", "lower": "n3", "ordering": "lexicographic"});
    for segments in [&[0, 3, 6, 9][..], &[1, 4, 7], &[0, 1, 2, 3, 4, 5, 6]] {
        for granularity in ["all", "hour"] {
            for (dimension, name) in
                [(json!("name"), "name"), (json!("code"), "code"), (long.clone(), "code"), (json!("tags"), "tags")]
            {
                let more = json!({"granularity": granularity, "dimensions": [dimension], "aggregations": [count()]});
                let mut query = query("groupBy", more);
                check(segments, &query, name);
                query["filter"] = few.clone();
                check(segments, &query, name);
            }
        }
    }
}

#[test]
fn texts_are_asked_about_where_rows_are_still_in_question() {
    let both = json!({"type": "and", "fields": [
        {"type": "regex", "dimension": "name", "pattern": "[37]$"},
        {"type": "selector", "dimension": "tags", "value": "t1"},
    ]});
    let either = json!({"type": "not", "field": {"type": "regex", "dimension": "name", "pattern": "[37]$"}});
    let passes = |row: usize| (row * 7 % 400).to_string().ends_with(['3', '7']);
    let has_tag = |row: usize| (0..row % 3).any(|at| (row + at) % 5 == 1);
    let asked = |filter: &Value| {
        let query = query("timeseries", json!({"aggregations": [count()], "filter": filter}));
        rows(&[0], &query)[0]["result"]["n"].as_u64().unwrap() as usize
    };
    assert_eq!(asked(&both), (0..NUM_ROWS).filter(|row| passes(*row) && has_tag(*row)).count());
    assert_eq!(asked(&either), (0..NUM_ROWS).filter(|row| !passes(*row)).count());
}
