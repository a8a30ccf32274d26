//! More groups than memory holds: what goes to disk changes no answer.

use std::sync::{Arc, LazyLock};

use segment::{BatchView, SegmentRef};
use serde_json::{Value, json};

use super::support::*;
use crate::{ExecContext, MemoryBudget, Query, Result, SpillSpace};

const NUM_ROWS: u64 = 15_000;
const NUM_USERS: u64 = 11_000;
/// Less than a tenth of what the groups need.
const LITTLE_MEMORY: u64 = 3 << 18;

/// Numbers that look like chance.
fn scattered(row: u64, salt: u64) -> u64 {
    (row + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ salt.wrapping_mul(0xbf58_476d_1ce4_e5b9)).rotate_left(29) >> 20
}

static SEGMENTS: LazyLock<Vec<SegmentRef>> = LazyLock::new(segments);

/// A day of rows in three segments; a user is met in each of them, under other codes.
fn segments() -> Vec<SegmentRef> {
    let segment = |part: u64| -> SegmentRef {
        let rows = (0..NUM_ROWS).filter(|row| row % 3 == part);
        let name = |row: u64| match scattered(row, 1) % NUM_USERS {
            0 => None,
            1 => Some(String::new()),
            user => Some(format!("user {user}")),
        };
        let names: Vec<Option<String>> = rows.clone().map(name).collect();
        let builder = if part == 1 { BatchView::builder().insertion_order() } else { BatchView::builder() };
        let number = |row: u64| Some(scattered(row, 2) as i64 % 20_000).filter(|number| number % 7 != 0);
        builder
            .num_rows(names.len())
            .time(rows.clone().map(|row| DAY0 + row as i64 * 5_000))
            .string("name", names.iter().map(Option::as_deref))
            .long("number", rows.clone().map(number))
            .double("x", rows.map(|row| Some(scattered(row, 3) as f64 % 100.0)))
            .build()
            .expect("a segment")
    };
    (0..3).map(segment).collect()
}

fn exec(memory_bytes: u64, disk_bytes: u64) -> ExecContext {
    let budget = MemoryBudget::new("disk for spilled groups", disk_bytes);
    let spill = SpillSpace { files: Arc::new(tempfile::tempfile), budget };
    ExecContext { spill: Some(spill), ..ExecContext::inline(memory_bytes) }
}

fn asked(query: &Value, exec: &ExecContext) -> Result<Value> {
    let tables = Tables([("t".to_owned(), SEGMENTS.clone())].into());
    let query = Query::parse(query.to_string().as_bytes())?;
    let bytes = crate::answer(&query, &tables, exec)?.to_json()?;
    Ok(serde_json::from_slice(&bytes).expect("JSON"))
}

fn same(query: &Value) {
    let exec = exec(LITTLE_MEMORY, 1 << 30);
    let answer = asked(query, &exec).unwrap_or_else(|error| panic!("{error}: {query}"));
    assert_eq!(answer, asked(query, &ExecContext::inline(1 << 30)).expect("an answer"), "{query}");
    assert_eq!(exec.memory.used_bytes(), 0, "memory is given back");
    assert_eq!(exec.spill.expect("disk").budget.used_bytes(), 0, "disk is given back");
}

fn group_by(more: Value) -> Value {
    let aggregations = json!([count(), {"type": "longMax", "name": "m", "fieldName": "number"},
        {"type": "thetaSketch", "name": "t", "fieldName": "number", "size": 16}]);
    let mut query = query("groupBy", json!({"dimensions": ["name"], "aggregations": aggregations}));
    query.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    query
}

fn by(column: &str, direction: &str) -> Value {
    json!([{"dimension": column, "direction": direction}])
}

#[test]
fn groups_on_disk_fail_without_a_disk_and_are_needed() {
    let error = asked(&group_by(json!({})), &ExecContext::inline(LITTLE_MEMORY)).expect_err("too little memory");
    assert!(error.to_string().contains("memory budget"), "{error}");
    let error = asked(&group_by(json!({})), &exec(LITTLE_MEMORY, 10_000)).expect_err("too little disk");
    assert!(error.to_string().contains("disk for spilled groups"), "{error}");
}

#[test]
fn all_groups_in_their_natural_order() {
    let number = json!({"type": "default", "dimension": "number", "outputName": "number", "outputType": "LONG"});
    same(&group_by(json!({})));
    same(&group_by(json!({"context": {"resultAsArray": true}, "granularity": "hour"})));
    same(&group_by(json!({"dimensions": [number, "name"]})));
    same(&group_by(json!({"dimensions": ["name"], "granularity": "six_hour", "context": {"sortByDimsFirst": true}})));
}

#[test]
fn ordered_and_cut_groups() {
    same(&group_by(json!({"limitSpec": {"type": "default", "limit": 50, "columns": by("m", "descending")}})));
    same(&group_by(json!({"limitSpec": {"type": "default", "columns": by("name", "descending")}})));
    same(&group_by(json!({"limitSpec": {"type": "default", "columns": by("m", "ascending"), "offset": 10_500}})));
    same(&group_by(json!({"limitSpec": {"type": "default", "columns": by("ratio", "descending")},
        "postAggregations": [{"type": "expression", "name": "ratio", "expression": "m / n + 0.5"}]})));
}

#[test]
fn groups_under_having() {
    let having = json!({"type": "greaterThan", "aggregation": "n", "value": 2});
    same(&group_by(json!({"having": having})));
    same(&group_by(json!({"having": having, "limitSpec": {"type": "default", "limit": 10}})));
    same(&group_by(json!({"having": {"type": "equalTo", "aggregation": "n", "value": -1}})));
}

#[test]
fn the_first_of_each_bucket() {
    let top = |more: Value| {
        let mut top = query(
            "topN",
            json!({"dimension": "name", "metric": "m", "threshold": 7,
            "aggregations": [count(), {"type": "longMax", "name": "m", "fieldName": "number"}]}),
        );
        top.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        top
    };
    same(&top(json!({})));
    same(&top(json!({"granularity": "six_hour", "metric": {"type": "inverted", "metric": "n"}})));
    same(&top(json!({"metric": {"type": "dimension", "ordering": "numeric", "previousStop": "user 29"}})));
}

#[test]
fn subtotals_of_groups_that_are_few() {
    let number = json!({"type": "extraction", "dimension": "number", "outputName": "short",
        "extractionFn": {"type": "substring", "index": 0, "length": 1}});
    same(&group_by(json!({"dimensions": ["name", number], "subtotalsSpec": [["short"], []],
        "filter": {"type": "range", "column": "number", "matchValueType": "LONG", "upper": 12_000}})));
}

#[test]
fn groups_of_groups() {
    let inner = |more: Value| json!({"type": "query", "query": group_by(more)});
    let over = |source: Value, more: Value| {
        let aggregations = json!([count(), {"type": "longSum", "name": "rows", "fieldName": "n"},
            {"type": "thetaSketch", "name": "t", "fieldName": "t", "size": 16}]);
        let mut outer = group_by(json!({"dataSource": source, "dimensions": [], "aggregations": aggregations}));
        outer.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        outer
    };
    let having = json!({"type": "greaterThan", "aggregation": "n", "value": 1});
    let first_letters = json!({"type": "extraction", "dimension": "name", "outputName": "start",
        "extractionFn": {"type": "substring", "index": 0, "length": 7}});
    same(&over(inner(json!({})), json!({})));
    same(&over(inner(json!({"granularity": "hour"})), json!({"granularity": "six_hour"})));
    same(&over(inner(json!({"having": having})), json!({"dimensions": [first_letters]})));
    same(&over(
        inner(json!({})),
        json!({"dimensions": ["name"], "filter": {"type": "selector", "dimension": "name", "value": "user 7"}}),
    ));
    // More groups than memory holds, and again.
    same(&over(inner(json!({"granularity": "hour"})), json!({"dimensions": ["name"]})));
    let twice = over(inner(json!({"dimensions": ["name", "number"]})), json!({"dimensions": ["name"]}));
    same(&over(json!({"type": "query", "query": twice}), json!({"aggregations": [count()]})));
}
