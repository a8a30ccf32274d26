use serde_json::{Value, json};

use super::support::*;

fn top_n(more: Value) -> Value {
    let mut query =
        query("topN", json!({"dimension": "color", "metric": "s", "threshold": 10, "aggregations": [count(), sum()]}));
    if let (Some(query), Value::Object(more)) = (query.as_object_mut(), more) {
        query.extend(more);
    }
    query
}

fn values(answer: &Value) -> Vec<Value> {
    answer[0]["result"].as_array().expect("a list").iter().map(|row| row["color"].clone()).collect()
}

#[test]
fn orders_by_the_metric_and_prints_null() {
    let answer = ask(top_n(json!({"threshold": 2})));
    let expected = json!([{"timestamp": "2022-01-01T00:30:00.000Z", "result": [
        {"color": null, "n": 1, "s": 10.0}, {"color": "blue", "n": 1, "s": 2.5}]}]);
    assert_eq!(answer, expected);
}

#[test]
fn null_metrics_come_last_in_both_directions() {
    let only_null = json!({"type": "doubleSum", "name": "s", "fieldName": "nothing"});
    let some = json!({"type": "filtered", "filter": red(), "aggregator": sum()});
    let aggregations = json!([count(), some]);
    for metric in [json!("s"), json!({"type": "inverted", "metric": "s"})] {
        let answer = ask(top_n(json!({"aggregations": aggregations, "metric": metric})));
        assert_eq!(values(&answer)[0], "red", "{metric}");
    }
    let ties = ask(top_n(json!({"aggregations": [only_null], "metric": {"type": "inverted", "metric": "s"}})));
    assert_eq!(values(&ties), [json!(null), json!(""), json!("blue"), json!("green"), json!("red")]);
}

#[test]
fn orders_by_the_dimension() {
    let answer =
        ask(top_n(json!({"metric": {"type": "dimension", "ordering": "lexicographic", "previousStop": "blue"}})));
    assert_eq!(values(&answer), [json!("green"), json!("red")]);
    let answer = ask(top_n(json!({"metric": {"type": "inverted", "metric": {"type": "dimension"}}})));
    assert_eq!(values(&answer), [json!(null), json!("red"), json!("green"), json!("blue"), json!("")]);
}

#[test]
fn every_bucket_with_segments_has_an_element() {
    let answer = ask(top_n(json!({"granularity": "day", "filter": red()})));
    let lists: Vec<usize> =
        answer.as_array().expect("a list").iter().map(|b| b["result"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(lists, [1, 0, 0]);
    assert_eq!(ask(top_n(json!({"intervals": "2030/2031"}))), json!([]));
}

#[test]
fn several_values_of_a_row_count_in_each_group() {
    let answer = ask(top_n(
        json!({"dimension": {"type": "default", "dimension": "tags", "outputName": "color"}, "metric": "n"}),
    ));
    let groups = answer[0]["result"].as_array().expect("a list");
    let counts: Vec<_> = groups.iter().map(|g| (g["color"].clone(), g["n"].clone())).collect();
    let expected = [(json!("b"), json!(4)), (json!("a"), json!(3)), (json!("c"), json!(1))];
    assert_eq!(counts, expected);
}

#[test]
fn orders_by_a_post_aggregation() {
    let posts = json!([{"type": "arithmetic", "name": "p", "fn": "*", "fields": [
        {"type": "fieldAccess", "fieldName": "s"}, {"type": "constant", "value": -1}]}]);
    let answer = ask(top_n(json!({"postAggregations": posts, "metric": "p", "threshold": 1})));
    assert_eq!(answer[0]["result"], json!([{"color": "green", "n": 1, "s": -1.0, "p": 1.0}]));
}

#[test]
fn rows_of_which_no_value_is_kept_belong_to_no_group() {
    let kept = |virtual_column: Value| {
        let answer =
            ask(top_n(json!({"dimension": "v", "metric": {"type": "dimension"}, "virtualColumns": [virtual_column]})));
        let groups = answer[0]["result"].as_array().expect("a list").clone();
        groups.iter().map(|group| json!([group["v"], group["n"]])).collect::<Value>()
    };
    let values = |allow: bool| json!({"type": "mv-filtered", "name": "v", "delegate": "tags", "values": ["b"], "isAllowList": allow});
    assert_eq!(kept(values(true)), json!([["b", 4]]));
    assert_eq!(kept(values(false)), json!([["a", 3], ["c", 1]]));
}
