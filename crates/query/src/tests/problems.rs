use std::sync::atomic::Ordering;

use serde_json::json;

use super::support::*;
use crate::{Deadline, Error, ExecContext, Query};

#[test]
fn errors_name_what_is_wrong() {
    let sum_of = |kind: &str| json!([{"type": kind, "name": "n", "fieldName": "x"}]);
    let cases = [
        (json!({"queryType": "nope", "dataSource": "t"}), "nope"),
        (json!({"dataSource": "t"}), "queryType"),
        (json!({"queryType": "scan", "intervals": DAYS}), "dataSource"),
        (json!({"queryType": "scan", "dataSource": "t"}), "intervals"),
        (query("timeseries", json!({"granularity": null})), "granularity"),
        (query("timeseries", json!({"granularity": "two_hour"})), "two_hour"),
        (query("timeseries", json!({"aggregations": sum_of("nope")})), "nope"),
        (query("timeseries", json!({"aggregations": [count(), count()]})), "'n' is used twice"),
        (query("timeseries", json!({"limit": -1})), "limit"),
        (query("timeseries", json!({"intervals": "2022-01-02/2022-01-01"})), "2022-01-02/2022-01-01"),
        (
            query(
                "timeseries",
                json!({"postAggregations": [{"type": "fieldAccess", "name": "p", "fieldName": "gone"}]}),
            ),
            "gone",
        ),
        (query("timeseries", json!({"postAggregations": [{"type": "nope", "name": "p"}]})), "nope"),
        (
            query("topN", json!({"dimension": "color", "metric": "gone", "threshold": 1, "aggregations": [count()]})),
            "gone",
        ),
        (
            query("topN", json!({"dimension": "color", "metric": "n", "threshold": 0, "aggregations": [count()]})),
            "threshold",
        ),
        (query("groupBy", json!({"limitSpec": {"type": "default", "limit": 0}})), "limit"),
        (query("groupBy", json!({"limitSpec": {"type": "default", "columns": ["gone"]}})), "gone"),
        (query("groupBy", json!({"having": {"type": "never"}})), "never"),
        (query("groupBy", json!({"aggregations": [{"type": "count", "name": "__time"}]})), "__time"),
        (query("scan", json!({"resultFormat": "xml"})), "xml"),
        (query("search", json!({"sort": {"type": "nope"}})), "nope"),
        (query("timeseries", json!({"context": {"timeout": "soon"}})), "timeout"),
        (query("timeseries", json!({"context": {"finalize": 1}})), "finalize"),
        (query("timeseries", json!({"dataSource": {"type": "join"}})), "left"),
        (query("timeseries", json!({"dataSource": {"type": "nope"}})), "nope"),
    ];
    for (query, named) in cases {
        let error = fails(query.clone());
        assert!(error.contains(named), "{error} should name {named}: {query}");
    }
}

#[test]
fn codes_are_those_that_clients_know() {
    let code = |text: &str| Query::parse(text.as_bytes()).err().map(|error| error.code());
    assert_eq!(code("{"), Some("Json parse failed"));
    assert_eq!(code("{}"), Some("Unknown exception"));
    assert_eq!(
        code("{\"queryType\":\"timeBoundary\",\"dataSource\":\"t\",\"context\":{\"timeout\":[]}}"),
        Some("Query context parse failed")
    );
    assert_eq!(code("\u{feff}{\"queryType\":\"timeBoundary\",\"dataSource\":\"t\"} trailing"), None);
}

fn run(exec: &ExecContext) -> Option<Error> {
    let query = query("groupBy", json!({"dimensions": ["color"], "aggregations": [count()]}));
    let query = Query::parse(query.to_string().as_bytes()).expect("a query");
    crate::run_leaf(&query, &by_day(&rows()), exec).err()
}

#[test]
fn a_query_stops_when_told() {
    let exec = ExecContext::inline(1 << 30);
    assert!(run(&exec).is_none());
    exec.cancelled.store(true, Ordering::Relaxed);
    assert!(matches!(run(&exec), Some(Error::Cancelled)));
    let mut late = ExecContext::inline(1 << 30);
    late.deadline = Some(Deadline { at_ms: -1, timeout_ms: 5 });
    assert_eq!(run(&late).map(|error| error.code()), Some("Query timeout"));
}

#[test]
fn a_query_over_its_budget_names_it_and_gives_everything_back() {
    let exec = ExecContext::inline(8);
    let error = run(&exec).expect("too little memory");
    assert_eq!(error.code(), "Resource limit exceeded");
    assert!(error.to_string().contains("memory budget of 8 bytes"));
    assert_eq!(exec.memory.used_bytes(), 0);
}
