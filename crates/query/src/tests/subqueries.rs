use std::collections::HashMap;

use serde_json::{Value, json};

use super::support::*;
use crate::{ExecContext, Query};

fn over(inner: Value) -> Value {
    json!({"type": "query", "query": inner})
}

#[test]
fn a_query_over_the_rows_of_a_query() {
    let inner = query("groupBy", json!({"dimensions": ["color"], "aggregations": [count(), sum()]}));
    let most = json!({"type": "longMax", "name": "most", "fieldName": "n"});
    let outer = query("timeseries", json!({"dataSource": over(inner.clone()), "aggregations": [count(), most]}));
    assert_eq!(ask(outer), json!([{"timestamp": "2022-01-01T00:00:00.000Z", "result": {"n": 5, "most": 2}}]));
    let twice = query(
        "groupBy",
        json!({"dataSource": over(query("groupBy", json!({"dataSource": over(inner), "dimensions": ["n"],
        "aggregations": [{"type": "count", "name": "m"}]}))), "aggregations": [{"type": "longSum", "name": "all", "fieldName": "m"}]}),
    );
    assert_eq!(ask(twice)[0]["event"], json!({"all": 5}));
}

#[test]
fn sketches_stay_sketches_between_group_bys() {
    let users = json!({"type": "HLLSketchBuild", "name": "u", "fieldName": "user"});
    let inner = query("groupBy", json!({"dimensions": ["color"], "aggregations": [users]}));
    let merged = json!({"type": "HLLSketchMerge", "name": "u", "fieldName": "u", "round": true});
    let outer = query("groupBy", json!({"dataSource": over(inner), "aggregations": [merged]}));
    assert_eq!(ask(outer)[0]["event"], json!({"u": 3}));
}

#[test]
fn rows_of_other_kinds_can_be_read() {
    let aggregations = json!([{"type": "longSum", "name": "all", "fieldName": "n"}, count()]);
    let days = query("timeseries", json!({"granularity": "day", "aggregations": [count()]}));
    let outer =
        query("timeseries", json!({"dataSource": over(days), "granularity": "day", "aggregations": aggregations}));
    let answer = ask(outer);
    assert_eq!(answer.as_array().map(Vec::len), Some(4), "sources without segments are filled over the whole interval");
    assert_eq!(answer[0]["result"], json!({"all": 3, "n": 1}));
    let top = query("topN", json!({"dimension": "color", "metric": "n", "threshold": 2, "aggregations": [count()]}));
    let outer = query("groupBy", json!({"dataSource": over(top), "aggregations": aggregations}));
    assert_eq!(ask(outer)[0]["event"], json!({"all": 3, "n": 2}));
    let rows = query("scan", json!({"columns": ["__time", "x"], "limit": 5}));
    let outer = query("groupBy", json!({"dataSource": over(rows), "aggregations": [count(), sum()]}));
    assert_eq!(ask(outer)[0]["event"], json!({"n": 5, "s": 13.0}));
}

#[test]
fn rows_of_a_subquery_are_limited() {
    let inner = query("scan", json!({"columns": ["__time"]}));
    let mut outer = query("timeseries", json!({"dataSource": over(inner), "aggregations": [count()]}));
    outer["context"] = json!({"maxSubqueryRows": 5});
    assert!(fails(outer).contains("maxSubqueryRows"));
}

#[test]
fn subqueries_share_what_they_may_hand_on() {
    let six = || over(query("scan", json!({"columns": ["__time"]})));
    let join = json!({"type": "join", "left": six(), "right": six(), "rightPrefix": "j.", "condition": "1", "joinType": "LEFT"});
    let with = |context: Value| {
        query("timeseries", json!({"dataSource": join, "aggregations": [count()], "context": context}))
    };
    assert_eq!(ask(with(json!({"maxSubqueryRows": 12})))[0]["result"]["n"], 36);
    assert!(fails(with(json!({"maxSubqueryRows": 11}))).contains("maxSubqueryRows"));
    assert!(fails(with(json!({"maxSubqueryBytes": 100}))).contains("maxSubqueryBytes"));
    for bytes in [json!("auto"), json!("disabled"), json!("1000"), json!(1000)] {
        assert_eq!(ask(with(json!({"maxSubqueryBytes": bytes})))[0]["result"]["n"], 36);
    }
    assert!(fails(with(json!({"maxSubqueryBytes": "many"}))).contains("maxSubqueryBytes"));
}

#[test]
fn unions_read_all_their_tables() {
    let union = json!({"type": "union", "dataSources": ["t", {"type": "table", "name": "t"}, "unknown"]});
    let answer = ask(query("timeseries", json!({"dataSource": union, "aggregations": [count()]})));
    assert_eq!(answer[0]["result"], json!({"n": 12}));
}

#[test]
fn unions_join_sources_of_any_kind() {
    let inline = json!({"type": "inline", "columnNames": ["color", "x"], "columnTypes": ["STRING", "DOUBLE"], "rows": [["red", 100.0]]});
    let inner = over(query(
        "groupBy",
        json!({"dimensions": ["color"], "aggregations": [{"type": "doubleSum", "name": "x", "fieldName": "x"}], "filter": red()}),
    ));
    let union =
        json!({"type": "union", "dataSources": ["t", inline, inner, {"type": "filter", "base": "t", "filter": red()}]});
    let answer = ask(query(
        "groupBy",
        json!({"dataSource": union, "intervals": "0000/3000", "dimensions": ["color"],
        "aggregations": [count(), sum()], "filter": red(), "context": {"resultAsArray": true}}),
    ));
    assert_eq!(answer, json!([["red", 6, 104.5]]));
}

#[test]
fn rows_written_into_the_query() {
    let inline = json!({"type": "inline", "columnNames": ["k", "v"], "columnTypes": ["STRING", "LONG"], "rows": [["a", 1], [null, "2"], ["a", null]]});
    let sum = json!({"type": "longSum", "name": "v", "fieldName": "v"});
    let answer = ask(query(
        "groupBy",
        json!({"dataSource": inline, "intervals": "0000/3000", "dimensions": ["k"], "aggregations": [sum], "context": {"resultAsArray": true}}),
    ));
    assert_eq!(answer, json!([[null, 2], ["a", 1]]));
    let answer = ask(json!({"queryType": "scan", "dataSource": inline, "intervals": "0000/3000"}));
    assert_eq!(answer[0]["columns"], json!(["k", "v"]));
}

#[test]
fn the_rows_of_a_subquery_are_held_while_they_are_read() {
    let inner = query("scan", json!({"columns": ["__time", "color"]}));
    let outer = query("scan", json!({"dataSource": over(inner), "columns": ["color"]}));
    let tables = Tables(HashMap::from([("t".to_owned(), by_day(&rows()))]));
    let outer = Query::parse(outer.to_string().as_bytes()).expect("a query");
    let exec = ExecContext::inline(1 << 30);
    let answer = crate::answer(&outer, &tables, &exec).expect("an answer");
    assert!(exec.memory.used_bytes() >= 6 * 2 * 16, "the answer is not written yet");
    answer.to_json().expect("JSON");
    assert_eq!(exec.memory.used_bytes(), 0);
}

#[test]
fn inline_rows_hold_arrays() {
    let rows = json!([[["a", "b"], "p"], [[], "q"], [null, "r"], [["c", null], "s"]]);
    let inline = json!({"type": "inline", "columnNames": ["arr", "x"], "columnTypes": ["ARRAY<STRING>", "STRING"], "rows": rows});
    let answer = ask(
        json!({"queryType": "scan", "dataSource": inline, "intervals": "1000/3000", "resultFormat": "compactedList"}),
    );
    assert_eq!(answer[0]["events"], rows);
    assert_eq!(answer[0]["rowSignature"][0]["type"], "ARRAY<STRING>");
    let unnest = json!({"type": "unnest", "base": inline,
        "virtualColumn": {"type": "expression", "name": "u", "expression": "arr", "outputType": "ARRAY<STRING>"}});
    let by = json!({"queryType": "groupBy", "dataSource": unnest, "intervals": "1000/3000", "granularity": "all",
        "dimensions": ["u"], "aggregations": [count()]});
    let events: Vec<Value> = ask(by).as_array().expect("rows").iter().map(|row| row["event"]["u"].clone()).collect();
    assert_eq!(events, [json!(null), json!("a"), json!("b"), json!("c")]);
}

/// Rows of several segments: lists stay lists and arrays stay arrays, and none at all have columns too.
#[test]
fn a_scan_below_a_query_keeps_what_its_columns_are() {
    let inner = |filter: Value| {
        let more = json!({"columns": ["__time", "tags"], "resultFormat": "compactedList", "filter": filter});
        let mut scan = query("scan", more);
        scan.as_object_mut().map(|scan| scan.remove("granularity"));
        over(scan)
    };
    let groups = |source: Value| {
        let more = json!({"dataSource": source, "dimensions": ["tags"], "aggregations": [count()]});
        ask(query("groupBy", more)).as_array().map_or(0, Vec::len)
    };
    let of_table = query("groupBy", json!({"dimensions": ["tags"], "aggregations": [count()]}));
    assert_eq!(groups(inner(Value::Null)), ask(of_table).as_array().map_or(0, Vec::len));
    assert_eq!(groups(inner(json!({"type": "false"}))), 0);
    let join = json!({"type": "join", "left": "t", "right": inner(json!({"type": "false"})), "rightPrefix": "j.",
        "condition": "color == \"j.tags\"", "joinType": "LEFT"});
    let counted = ask(query("timeseries", json!({"dataSource": join, "aggregations": [count()]})));
    assert_eq!(counted[0]["result"]["n"], json!(6));
}

#[test]
fn lists_and_arrays_that_a_scan_computes_are_read_as_what_they_are() {
    let columns = json!([{"type": "expression", "name": "caps", "expression": "upper(tags)", "outputType": "STRING"},
        {"type": "expression", "name": "pair", "expression": "array(user, 5)", "outputType": "ARRAY<LONG>"},
        {"type": "expression", "name": "five", "expression": "5", "outputType": "LONG"}]);
    let rows = query("scan", json!({"columns": ["__time", "caps", "pair", "five"], "virtualColumns": columns}));
    let of = |dimension: Value| {
        let outer = query(
            "groupBy",
            json!({"dataSource": over(rows.clone()), "dimensions": [dimension.clone()],
            "aggregations": [count()]}),
        );
        let of_row = |row: &Value| json!([row["event"]["k"], row["event"]["n"]]);
        ask(outer).as_array().map(|rows| rows.iter().map(of_row).collect::<Vec<_>>()).unwrap_or_default()
    };
    assert_eq!(
        json!(of(json!({"type": "default", "dimension": "caps", "outputName": "k"}))),
        json!([[null, 1], ["A", 3], ["B", 4], ["C", 1]])
    );
    let array = json!({"type": "default", "dimension": "pair", "outputName": "k", "outputType": "ARRAY<LONG>"});
    assert_eq!(json!(of(array)), json!([[[null, 5], 1], [[1, 5], 2], [[2, 5], 1], [[7, 5], 2]]));
    let five = json!({"type": "equals", "column": "five", "matchValueType": "LONG", "matchValue": 5});
    let outer =
        query("timeseries", json!({"dataSource": over(rows.clone()), "filter": five, "aggregations": [count()]}));
    assert_eq!(ask(outer)[0]["result"], json!({"n": 6}));
    let found = query(
        "search",
        json!({"dataSource": over(rows), "searchDimensions": ["caps"],
        "query": {"type": "contains", "value": "A", "caseSensitive": true}}),
    );
    assert_eq!(ask(found)[0]["result"], json!([{"dimension": "caps", "value": "A", "count": 3}]));
}

#[test]
fn groups_that_are_none_have_the_types_of_their_dimensions() {
    let dimensions = json!([{"type": "default", "dimension": "color", "outputName": "c", "outputType": "STRING"},
        {"type": "default", "dimension": "pair", "outputName": "a", "outputType": "ARRAY<LONG>"},
        {"type": "default", "dimension": "user", "outputName": "l", "outputType": "LONG"}]);
    let pair =
        json!([{"type": "expression", "name": "pair", "expression": "array(user, 5)", "outputType": "ARRAY<LONG>"}]);
    let none = query(
        "groupBy",
        json!({"dimensions": dimensions, "virtualColumns": pair, "filter": {"type": "false"},
        "aggregations": [count()]}),
    );
    let join = json!({"type": "join", "left": "t", "right": over(none), "rightPrefix": "r.", "condition": "color == \"r.c\"",
        "joinType": "LEFT"});
    let num_rows = |source: &Value, filter: Value| {
        let outer = query("timeseries", json!({"dataSource": source, "filter": filter, "aggregations": [count()]}));
        ask(outer)[0]["result"]["n"].clone()
    };
    let unnest = json!({"type": "unnest", "base": join,
        "virtualColumn": {"type": "expression", "name": "u", "expression": "\"r.a\"", "outputType": "ARRAY<LONG>"}});
    assert_eq!(num_rows(&unnest, json!(null)), json!(0), "null is no array that has elements");
    let bound = json!({"type": "bound", "dimension": "r.l", "upper": "5", "ordering": "numeric"});
    assert_eq!(num_rows(&join, bound), json!(0), "nothing is known of a null number");
    assert_eq!(num_rows(&join, json!(null)), json!(6));
}
