use serde_json::{Value, json};

use super::support::*;

fn timeseries(more: Value) -> Value {
    let mut query = query("timeseries", json!({"aggregations": [count(), sum()]}));
    if let (Some(query), Value::Object(more)) = (query.as_object_mut(), more) {
        query.extend(more);
    }
    query
}

fn stamps(answer: &Value) -> Vec<&str> {
    answer.as_array().expect("a list").iter().map(|row| row["timestamp"].as_str().unwrap_or("null")).collect()
}

#[test]
fn all_is_stamped_with_the_first_row_of_the_first_segment() {
    let answer = ask(timeseries(json!({})));
    assert_eq!(answer, json!([{"timestamp": "2022-01-01T00:30:00.000Z", "result": {"n": 6, "s": 13.25}}]));
    let answer = ask(timeseries(json!({"descending": "true"})));
    assert_eq!(stamps(&answer), ["2022-01-04T03:00:00.000Z"]);
    let clipped = ask(timeseries(json!({"intervals": "2022-01-01T05:00/2022-01-03"})));
    assert_eq!(clipped, json!([{"timestamp": "2022-01-01T05:00:00.000Z", "result": {"n": 4, "s": 11.5}}]));
}

#[test]
fn filling_is_bounded_by_the_rows_of_each_time_chunk() {
    let answer = ask(timeseries(json!({"granularity": "six_hour"})));
    assert_eq!(
        stamps(&answer),
        [
            "2022-01-01T00:00:00.000Z",
            "2022-01-01T06:00:00.000Z",
            "2022-01-02T00:00:00.000Z",
            "2022-01-04T00:00:00.000Z"
        ]
    );
    let hours = ask(timeseries(json!({"granularity": "hour", "intervals": "2022-01-01/2022-01-02"})));
    assert_eq!(hours.as_array().map(Vec::len), Some(7));
    assert_eq!(hours[1], json!({"timestamp": "2022-01-01T01:00:00.000Z", "result": {"n": 0, "s": null}}));
}

#[test]
fn a_filter_that_matches_nothing_still_fills() {
    let filter = json!({"type": "selector", "dimension": "color", "value": "nope"});
    let answer = ask(timeseries(json!({"granularity": "day", "filter": filter})));
    assert_eq!(stamps(&answer).len(), 3);
    assert_eq!(answer[0]["result"], json!({"n": 0, "s": null}));
    let skipped =
        ask(timeseries(json!({"granularity": "day", "filter": filter, "context": {"skipEmptyBuckets": "true"}})));
    assert_eq!(skipped, json!([]));
}

#[test]
fn no_data_at_all_is_one_row_for_all_only() {
    let answer = ask(timeseries(json!({"intervals": "2030/2031"})));
    assert_eq!(answer, json!([{"timestamp": "2030-01-01T00:00:00.000Z", "result": {"n": 0, "s": null}}]));
    assert_eq!(ask(timeseries(json!({"intervals": "2030/2031", "granularity": "day"}))), json!([]));
    assert_eq!(ask(timeseries(json!({"intervals": "2030/2031", "context": {"skipEmptyBuckets": true}}))), json!([]));
    assert_eq!(stamps(&ask(timeseries(json!({"dataSource": "unknown", "intervals": "2030/2031"})))).len(), 1);
}

#[test]
fn the_total_is_last_and_counts_the_rows_shown() {
    let more = json!({"granularity": "day", "descending": true, "limit": 2, "context": {"grandTotal": true}});
    let answer = ask(timeseries(more));
    assert_eq!(stamps(&answer), ["2022-01-04T00:00:00.000Z", "2022-01-02T00:00:00.000Z", "null"]);
    assert_eq!(answer[2]["result"], json!({"n": 3, "s": 9.25}));
    let none =
        ask(timeseries(json!({"intervals": "2030/2031", "granularity": "day", "context": {"grandTotal": true}})));
    assert_eq!(none, json!([{"timestamp": null, "result": {"n": null, "s": null}}]));
}

#[test]
fn overlapping_intervals_count_a_row_once_and_the_end_is_exclusive() {
    let answer = ask(timeseries(json!({"intervals": ["2022-01-01/2022-01-03", "2022-01-02/2022-01-05"]})));
    assert_eq!(answer[0]["result"]["n"], 6);
    let answer = ask(timeseries(json!({"intervals": "2022-01-01/2022-01-02T01:00"})));
    assert_eq!(answer[0]["result"]["n"], 3);
}

#[test]
fn filtered_aggregators_and_post_aggregators() {
    let answer = ask(timeseries(json!({
        "aggregations": [
            count(),
            {"type": "filtered", "filter": red(), "aggregator": {"type": "count", "name": "reds"}},
            {"type": "filtered", "name": "sum_red", "filter": red(), "aggregator": sum()},
        ],
        "postAggregations": [
            {"type": "arithmetic", "name": "share", "fn": "/", "fields": [
                {"type": "fieldAccess", "fieldName": "reds"}, {"type": "fieldAccess", "fieldName": "n"}]},
            {"type": "arithmetic", "name": "none", "fn": "/", "fields": [
                {"type": "fieldAccess", "fieldName": "n"}, {"type": "constant", "value": 0}]},
            {"type": "doubleGreatest", "name": "most", "fields": [
                {"type": "fieldAccess", "fieldName": "reds"}, {"type": "fieldAccess", "fieldName": "share"}]},
            {"type": "expression", "name": "twice", "expression": "n * 2"},
        ],
    })));
    let expected =
        json!({"n": 6, "reds": 2, "sum_red": 1.5, "share": 2.0 / 6.0, "none": 0.0, "most": 2.0, "twice": 12});
    assert_eq!(answer[0]["result"], expected);
}

#[test]
fn expressions_keep_the_types_of_their_values() {
    let post = |name: &str, text: &str| json!({"type": "expression", "name": name, "expression": text});
    let answer = ask(timeseries(json!({
        "aggregations": [count()],
        "postAggregations": [
            post("long", "3600000"), post("double", "1.0"), post("text", "'1'"), post("null", "null"),
            post("array", "array(n, 2)"), post("length", "array_length(array)"), post("constants", "[1.5, 2]"),
            post("object", "json_object('n', n)"),
        ],
    })));
    let expected = json!({"n": 6, "long": 3600000, "double": 1.0, "text": "1", "null": null, "array": [6, 2],
        "length": 2, "constants": [1.5, 2.0], "object": {"n": 6}});
    assert_eq!(answer[0]["result"], expected);
}

#[test]
fn zones_print_their_offset() {
    let granularity = json!({"type": "period", "period": "P1D", "timeZone": "Asia/Shanghai"});
    let answer = ask(timeseries(json!({"granularity": granularity, "intervals": "2022-01-01/2022-01-02"})));
    assert_eq!(stamps(&answer), ["2022-01-01T00:00:00.000+08:00"]);
    let millis = ask(timeseries(json!({"granularity": granularity, "context": {"serializeDateTimeAsLong": true}})));
    assert_eq!(millis[0]["timestamp"], DAY0 - 8 * HOUR);
}

#[test]
fn rows_out_of_time_order_give_the_same_answer() {
    let mut turned = rows();
    turned.swap(0, 2);
    for granularity in ["all", "hour", "day", "none"] {
        let query = timeseries(json!({"granularity": granularity, "context": {"skipEmptyBuckets": true}}));
        assert_eq!(ask_of(by_day(&turned), &query).expect("an answer"), ask(query), "{granularity}");
    }
}

#[test]
fn sketches_of_no_rows_are_empty_not_null() {
    let field = json!({"type": "fieldAccess", "fieldName": "q"});
    let posts = json!([
        {"type": "quantilesDoublesSketchToQuantile", "name": "half", "fraction": 0.5, "field": field},
        {"type": "quantilesDoublesSketchToHistogram", "name": "bins", "splitPoints": [1, 2], "field": field},
        {"type": "HLLSketchEstimate", "name": "users", "field": {"type": "fieldAccess", "fieldName": "h"}},
    ]);
    let aggregations = json!([
        {"type": "quantilesDoublesSketch", "name": "q", "fieldName": "x"},
        {"type": "HLLSketchBuild", "name": "h", "fieldName": "user"},
    ]);
    let asked = json!({"filter": {"type": "false"}, "aggregations": aggregations, "postAggregations": posts});
    let answer = ask(query("timeseries", asked));
    let result = &answer[0]["result"];
    assert_eq!((&result["half"], &result["users"]), (&json!("NaN"), &json!(0.0)));
    assert_eq!(result["bins"], json!(["NaN", "NaN", "NaN"]));
}

#[test]
fn with_empty_buckets_skipped_all_begins_with_the_first_interval_that_has_rows() {
    let intervals =
        json!(["2022-01-01T00/2022-01-01T05", "2022-01-01T05:30/2022-01-01T07", "2022-01-01T08/2022-01-03"]);
    let asked = |color: &str, more: Value| {
        let mut asked = timeseries(json!({"intervals": intervals, "context": {"skipEmptyBuckets": true},
            "filter": {"type": "selector", "dimension": "color", "value": color}}));
        asked.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        ask(asked)
    };
    let blue = asked("blue", json!({}));
    assert_eq!(blue, json!([{"timestamp": "2022-01-01T05:30:00.000Z", "result": {"n": 1, "s": 2.5}}]));
    assert_eq!(stamps(&asked("red", json!({}))), ["2022-01-01T00:30:00.000Z"]);
    assert_eq!(stamps(&asked("red", json!({"descending": true}))), ["2022-01-01T05:30:00.000Z"]);
    assert_eq!(asked("red", json!({}))[0]["result"]["n"], 2);
    assert_eq!(stamps(&asked("green", json!({}))), ["2022-01-02T01:00:00.000Z"]);
    assert_eq!(asked("", json!({})), json!([]));
}

#[test]
fn all_without_rows_begins_where_a_chunk_is_met() {
    let stamp = |intervals: Value| stamps(&ask(timeseries(json!({"intervals": intervals})))).join(" ");
    assert_eq!(stamp(json!("2021-12-31T20:00/2022-01-01T00:10")), "2022-01-01T00:00:00.000Z");
    assert_eq!(stamp(json!("2021-12-31T20:00/2021-12-31T21:00")), "2021-12-31T20:00:00.000Z");
    let two = json!(["2021-12-31T20:00/2021-12-31T21:00", "2022-01-01T00:05/2022-01-01T00:10"]);
    assert_eq!(stamp(two), "2022-01-01T00:05:00.000Z");
}
