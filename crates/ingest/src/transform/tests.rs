use serde_json::{Value, json};

use crate::parse::tests::{parse, parser, rows};
use crate::parse::{Numbering, Outcome, Reason};

fn run(schema: Value, records: &[&str]) -> (Vec<Value>, crate::ParsedBatch) {
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    parse(&parser, &mut batch, records.iter().map(|record| record.as_bytes()));
    (rows(&batch), batch)
}

#[test]
fn transforms_read_input_fields_and_stand_in_for_them() {
    let schema = json!({
        "dimensionsSpec": {"dimensions": ["animal", {"type": "long", "name": "n"}, "tags"]},
        "metricsSpec": [{"type": "longSum", "name": "m", "fieldName": "triple"}],
        "transformSpec": {"transforms": [
            {"type": "expression", "name": "animal", "expression": "concat('super-', animal)"},
            {"type": "expression", "name": "triple", "expression": "n * 3"},
            {"type": "expression", "name": "n", "expression": "n + 1"}]}});
    let (rows, batch) = run(schema, &["{\"ts\":1,\"animal\":\"fox\",\"n\":5,\"tags\":[\"a\",\"b\"]}", "{\"ts\":2}"]);
    assert_eq!(rows[0]["animal"], json!("super-fox"));
    assert_eq!((&rows[0]["n"], &rows[0]["metric 0"]), (&json!(6), &json!([15])));
    assert_eq!(rows[0]["tags"], json!(["a", "b"]));
    assert_eq!((&rows[1]["animal"], &rows[1]["n"]), (&Value::Null, &Value::Null));
    assert_eq!(batch.stats().processed, 2);
}

#[test]
fn values_of_several_types_are_each_computed_as_their_own() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["d"]},
        "transformSpec": {"transforms": [{"type": "expression", "name": "d", "expression": "x / 2"}]}});
    let (rows, _) = run(schema, &["{\"ts\":1,\"x\":5}", "{\"ts\":1,\"x\":5.0}", "{\"ts\":1,\"x\":null}"]);
    let values: Vec<&Value> = rows.iter().map(|row| &row["d"]).collect();
    assert_eq!(values, [&json!("2"), &json!("2.5"), &Value::Null]);
}

#[test]
fn trap_61_the_filter_sees_transforms_and_drops_rows_as_thrown_away() {
    let schema = json!({
        "dimensionsSpec": {"dimensions": ["a"]},
        "transformSpec": {
            "transforms": [{"type": "expression", "name": "b", "expression": "concat(a, '!')"}],
            "filter": {"type": "or", "fields": [{"type": "selector", "dimension": "b", "value": "x!"},
                {"type": "selector", "dimension": "n", "value": "3"}]}}});
    let records = ["{\"ts\":1,\"a\":\"x\"}", "{\"ts\":1,\"a\":\"y\"}", "{\"ts\":1,\"a\":\"y\",\"n\":3}"];
    let (_, batch) = run(schema, &records);
    assert_eq!(batch.keep(), [0b101]);
    assert_eq!((batch.stats().processed, batch.stats().thrown_away), (2, 1));
    assert_eq!(batch.outcomes()[1], Outcome::ThrownAway(Reason::Filtered));
}

#[test]
fn a_filtered_metric_counts_its_own_rows() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["a"]}, "metricsSpec": [
        {"type": "count", "name": "all"},
        {"type": "filtered", "name": "clicks", "aggregator": {"type": "count", "name": "x"},
         "filter": {"type": "selector", "dimension": "action", "value": "click"}}]});
    let (_, batch) = run(schema, &["{\"ts\":1,\"action\":\"click\"}", "{\"ts\":1,\"action\":\"view\"}", "{\"ts\":1}"]);
    assert_eq!(batch.metric_keep(0), None);
    assert_eq!(batch.metric_keep(1), Some(&[0b001][..]));
}

#[test]
fn a_transform_may_set_the_time() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["a"]}, "transformSpec": {"transforms": [
        {"type": "expression", "name": "__time", "expression": "__time + shift"}]}});
    let (_, batch) = run(schema, &["{\"ts\":10,\"shift\":5}", "{\"ts\":20}"]);
    assert_eq!(batch.time()[0], 15);
    assert_eq!(batch.keep(), [0b01]);
    assert_eq!((batch.stats().processed, batch.stats().unparseable), (1, 1));
}
