use serde_json::{Value, json};

use super::support::*;

fn scan(more: Value) -> Value {
    query("scan", more)
}

fn events(answer: &Value) -> Vec<Value> {
    answer
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|batch| batch["events"].as_array().cloned().unwrap_or_default())
        .collect()
}

#[test]
fn shows_all_columns_by_segment() {
    let answer = ask(scan(json!({})));
    assert_eq!(answer.as_array().map(Vec::len), Some(3));
    assert_eq!(answer[0]["columns"], json!(["__time", "color", "tags", "user", "x"]));
    assert_eq!(answer[0]["segmentId"], "t_2022-01-01T00:00:00.000Z_2022-01-02T00:00:00.000Z_v1");
    assert_eq!(
        answer[0]["events"],
        json!([
            {"__time": DAY0 + HOUR / 2, "color": "red", "tags": "a", "user": 1, "x": 1.5},
            {"__time": DAY0 + 6 * HOUR, "color": "blue", "tags": ["a", "b"], "user": 2, "x": 2.5},
            {"__time": DAY0 + 6 * HOUR + 1, "color": "red", "tags": null, "user": null, "x": null},
        ])
    );
    assert_eq!(answer[0]["rowSignature"][3], json!({"name": "user", "type": "LONG"}));
}

#[test]
fn batches_limits_and_offsets() {
    let answer = ask(scan(
        json!({"columns": ["user", "nope"], "batchSize": 2, "limit": 4, "offset": 1, "resultFormat": "compactedList"}),
    ));
    let sizes: Vec<usize> =
        answer.as_array().expect("a list").iter().map(|b| b["events"].as_array().map_or(0, Vec::len)).collect();
    assert_eq!(sizes, [2, 2]);
    assert_eq!(answer[0]["events"], json!([[2, null], [null, null]]));
    assert_eq!(answer[0]["rowSignature"], json!([{"name": "user", "type": "LONG"}, {"name": "nope"}]));
    assert_eq!(ask(scan(json!({"intervals": "2030/2031"}))), json!([]));
}

#[test]
fn time_order_over_segments() {
    let mut turned = rows();
    turned.swap(0, 2);
    let times = |order: &str, more: Value| {
        let mut query = scan(json!({"columns": ["__time", "color"], "order": order}));
        query.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let split = vec![
            segment(&turned[..2], 0),
            segment(&turned[2..3], 1),
            segment(&turned[3..5], 0),
            segment(&turned[5..], 0),
        ];
        let answer = ask_of(split, &query).expect("an answer");
        assert!(answer.as_array().expect("a list").iter().all(|batch| batch["segmentId"].is_null()));
        events(&answer).iter().map(|event| event["__time"].as_i64().expect("a time")).collect::<Vec<_>>()
    };
    let mut all: Vec<i64> = rows().iter().map(|row| row.time).collect();
    assert_eq!(times("ascending", json!({})), all);
    assert_eq!(times("ascending", json!({"batchSize": 2})), all);
    all.reverse();
    assert_eq!(times("descending", json!({})), all);
    assert_eq!(times("descending", json!({"limit": 3, "offset": 1})), all[1..4]);
}

#[test]
fn a_filter_selects_rows() {
    let answer = ask(scan(json!({"columns": ["x"], "filter": red()})));
    assert_eq!(events(&answer), [json!({"x": 1.5}), json!({"x": null})]);
}

#[test]
fn refuses_what_it_cannot_order() {
    assert!(fails(scan(json!({"columns": ["x"], "order": "ascending"}))).contains("__time"));
    assert!(fails(scan(json!({"order": "sideways"}))).contains("sideways"));
    let context = json!({"maxRowsQueuedForOrdering": 1, "maxSegmentPartitionsOrderedInMemory": 1});
    let query = scan(json!({"order": "ascending", "limit": 2, "context": context}));
    let parts = vec![segment(&rows()[..1], 0), segment(&rows()[1..2], 1)];
    let error = ask_of(parts, &query).expect_err("too many partitions");
    assert_eq!(error.code(), "Resource limit exceeded");
}

#[test]
fn what_is_filtered_out_of_no_column_has_the_type_of_what_it_hides() {
    let of = |name: &str| json!({"type": "mv-filtered", "name": name, "delegate": "nope", "values": ["a"]});
    let answer = ask(scan(json!({"columns": ["user", "v"], "virtualColumns": [of("user"), of("v")], "limit": 1})));
    assert_eq!(answer[0]["rowSignature"], json!([{"name": "user", "type": "LONG"}, {"name": "v"}]));
    assert_eq!(answer[0]["events"], json!([{"user": null, "v": null}]));
}
