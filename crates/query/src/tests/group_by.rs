use std::sync::Arc;

use serde_json::{Value, json};

use super::support::*;

fn group_by(more: Value) -> Value {
    let mut query = query("groupBy", json!({"dimensions": ["color"], "aggregations": [count(), sum()]}));
    if let (Some(query), Value::Object(more)) = (query.as_object_mut(), more) {
        query.extend(more);
    }
    query
}

/// Rows as lists, times left out.
fn lists(more: Value) -> Value {
    let mut query = group_by(more);
    query["context"]["resultAsArray"] = json!(true);
    ask(query)
}

#[test]
fn natural_order_is_time_then_dimensions_nulls_first() {
    let answer = ask(group_by(json!({})));
    assert_eq!(
        answer[0],
        json!({"version": "v1", "timestamp": "2022-01-01T00:00:00.000Z", "event": {"color": null, "n": 1, "s": 10.0}})
    );
    assert_eq!(
        lists(json!({})),
        json!([[null, 1, 10.0], ["", 1, 0.25], ["blue", 1, 2.5], ["green", 1, -1.0], ["red", 2, 1.5]])
    );
    let days = lists(json!({"granularity": "day", "dimensions": []}));
    assert_eq!(days, json!([[DAY0, 3, 4.0], [DAY0 + 24 * HOUR, 2, 9.0], [DAY0 + 72 * HOUR, 1, 0.25]]));
}

#[test]
fn no_rows_give_a_summary_only_without_dimensions() {
    assert_eq!(ask(group_by(json!({"intervals": "2030/2031"}))), json!([]));
    let none = json!({"intervals": "2030/2031", "dimensions": []});
    assert_eq!(lists(none), json!([[0, null]]));
    assert_eq!(lists(json!({"intervals": "2030/2031", "dimensions": [], "granularity": "day"})), json!([]));
}

#[test]
fn limits_sort_by_time_first_unless_told_otherwise() {
    let limit = json!({"type": "default", "limit": "3", "columns": [{"dimension": "s", "direction": "descending"}]});
    let by_time = lists(json!({"granularity": "day", "limitSpec": limit}));
    assert_eq!(by_time, json!([[DAY0, "blue", 1, 2.5], [DAY0, "red", 2, 1.5], [DAY0 + 24 * HOUR, null, 1, 10.0]]));
    let mut query = group_by(json!({"granularity": "day", "limitSpec": limit}));
    query["context"] = json!({"sortByDimsFirst": true, "resultAsArray": true});
    assert_eq!(ask(query)[0], json!([DAY0 + 24 * HOUR, null, 1, 10.0]));
    let offset = json!({"type": "default", "limit": 1, "offset": 2, "columns": ["n", {"dimension": "color", "direction": "desc"}]});
    assert_eq!(lists(json!({"limitSpec": offset})), json!([["", 1, 0.25]]));
}

#[test]
fn numbers_group_by_value() {
    let user = json!({"type": "default", "dimension": "user", "outputName": "u", "outputType": "LONG"});
    assert_eq!(
        lists(json!({"dimensions": [user]})),
        json!([[null, 1, null], [1, 2, 11.5], [2, 1, 2.5], [7, 2, -0.75]])
    );
    let text_order = json!({"type": "default", "columns": [{"dimension": "u", "dimensionOrder": "numeric", "direction": "descending"}], "limit": 1});
    assert_eq!(lists(json!({"dimensions": [user], "limitSpec": text_order})), json!([[7, 2, -0.75]]));
}

#[test]
fn several_lists_give_their_product() {
    let tags = |name| json!({"type": "default", "dimension": "tags", "outputName": name});
    let answer = lists(
        json!({"dimensions": [tags("p"), tags("q")], "aggregations": [count()], "intervals": "2022-01-01/2022-01-02"}),
    );
    assert_eq!(answer, json!([[null, null, 1], ["a", "a", 2], ["a", "b", 1], ["b", "a", 1], ["b", "b", 1]]));
    let mut refused = group_by(json!({"dimensions": ["tags"]}));
    refused["context"] = json!({"groupByEnableMultiValueUnnesting": false});
    assert!(fails(refused).contains("groupByEnableMultiValueUnnesting"));
}

#[test]
fn having_keeps_rows() {
    let keep = |having: Value| lists(json!({"having": having})).as_array().map_or(0, Vec::len);
    assert_eq!(keep(json!({"type": "greaterThan", "aggregation": "s", "value": 1})), 3);
    assert_eq!(keep(json!({"type": "lessThan", "aggregation": "s", "value": "0.25"})), 1);
    assert_eq!(keep(json!({"type": "equalTo", "aggregation": "n", "value": 2.0})), 1);
    assert_eq!(keep(json!({"type": "equalTo", "aggregation": "missing"})), 5);
    assert_eq!(keep(json!({"type": "dimSelector", "dimension": "color", "value": ""})), 2);
    assert_eq!(keep(json!({"type": "and", "havingSpecs": []})), 5);
    assert_eq!(keep(json!({"type": "or", "havingSpecs": []})), 0);
    assert_eq!(keep(json!({"type": "not", "havingSpec": {"type": "always"}})), 0);
    assert_eq!(keep(json!({"type": "filter", "filter": red()})), 1);
}

#[test]
fn subtotals_fold_the_base_again() {
    let answer = lists(json!({
        "dimensions": ["color", "tags"],
        "aggregations": [count(), {"type": "grouping", "name": "g", "groupings": ["color", "tags"]}],
        "intervals": "2022-01-01/2022-01-02",
        "subtotalsSpec": [["color"], []],
    }));
    assert_eq!(answer, json!([["blue", null, 2, 1], ["red", null, 2, 1], [null, null, 4, 3]]));
    assert!(fails(group_by(json!({"subtotalsSpec": [["nope"]]}))).contains("nope"));
}

#[test]
fn grouping_names_columns_as_the_data_does() {
    let asked = |subtotals: Value| {
        let named = |column: &str, name: &str| json!({"type": "default", "dimension": column, "outputName": name});
        lists(json!({
            "dimensions": [named("color", "c"), named("tags", "t"), named("color", "again")],
            "aggregations": [{"type": "grouping", "name": "g", "groupings": ["color", "c", "tags"]}],
            "intervals": "2022-01-01/2022-01-01T01",
            "subtotalsSpec": subtotals,
        }))
    };
    let bits = |subtotals: Value| {
        let rows = asked(subtotals);
        rows.as_array().into_iter().flatten().filter_map(|row| row[3].as_i64()).collect::<Vec<_>>()
    };
    assert_eq!(bits(json!([["c"]])), [0b011]);
    assert_eq!(bits(json!([["again"]])), [0b011]);
    assert_eq!(bits(json!([[]])), [0b111]);
    assert!(bits(json!([["c", "t"]])).iter().all(|bits| *bits == 0b010));
    assert!(bits(json!(null)).iter().all(|bits| *bits == 0), "without subtotals");
    let twice = json!([{"type": "grouping", "name": "g", "groupings": ["color", "tags", "color"]}]);
    assert!(fails(group_by(json!({"aggregations": twice}))).contains("'groupings' names 'color' twice"));
}

#[test]
fn sketches_merge_over_segments() {
    let users = json!({"type": "cardinality", "name": "u", "fields": ["user"], "round": true});
    assert_eq!(lists(json!({"dimensions": [], "aggregations": [users]})), json!([[3]]));
}

#[test]
fn several_values_of_a_row_as_numbers() {
    let digits = json!({"type": "map", "map": {"a": "1", "b": "01", "c": "3"}});
    let number = |output_type: &str| {
        json!({"type": "extraction", "dimension": "tags", "outputName": "v", "outputType": output_type,
            "extractionFn": {"type": "lookup", "lookup": digits}})
    };
    let groups = |output_type: &str| lists(json!({"dimensions": [number(output_type)], "aggregations": [count()]}));
    assert_eq!(groups("LONG"), json!([[null, 1], [1, 7], [3, 1]]));
    assert_eq!(groups("DOUBLE"), json!([[null, 1], [1.0, 7], [3.0, 1]]));
}

#[test]
fn aggregators_see_lookups_and_the_present() {
    struct Colors;
    impl expression::LookupResolver for Colors {
        fn lookup(&self, name: &str) -> Option<expression::LookupRef> {
            let map = [("red".to_owned(), Some("10".to_owned()))];
            (name == "numbers").then(|| Arc::new(expression::Lookup::new(map, true).expect("a lookup")))
        }
    }
    let env = expression::Environment::new(Arc::new(Colors), DAY0);
    let aggregations = json!([
        {"type": "longSum", "name": "s", "expression": "cast(lookup(color, 'numbers'), 'LONG')"},
        {"type": "longMax", "name": "m", "expression": "now()"},
        {"type": "cardinality", "name": "c", "round": true, "fields": [{"type": "lookup", "dimension": "color", "name": "numbers"}]},
    ]);
    let query =
        group_by(json!({"dimensions": [], "aggregations": aggregations, "postAggregations": [], "limitSpec": null}));
    let query = crate::Query::parse_with(query.to_string().as_bytes(), &env).expect("a query");
    let tables = Tables(std::collections::HashMap::from([("t".to_owned(), by_day(&rows()))]));
    let answer = crate::answer(&query, &tables, &crate::ExecContext::inline(1 << 30)).expect("an answer");
    let answer: Value = serde_json::from_slice(&answer.to_json().expect("bytes")).expect("JSON");
    assert_eq!(answer[0]["event"], json!({"s": 20, "m": DAY0, "c": 1}));
}

#[test]
fn lookups_that_tell_keys_apart_are_applied_to_groups() {
    let dimension = |more: Value| {
        let map = json!({"type": "map", "map": {"red": "1", "blue": "2", "green": "0"}, "isOneToOne": true});
        let mut dimension = json!({"type": "lookup", "dimension": "color", "outputName": "v", "lookup": map});
        dimension.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        dimension
    };
    let groups = |more| lists(json!({"dimensions": [dimension(more)], "aggregations": [count()]}));
    // In the order of the keys; keys without a value stay apart, as their owner said that none share one.
    assert_eq!(groups(json!({})), json!([[null, 1], [null, 1], ["2", 1], ["0", 1], ["1", 2]]));
    assert_eq!(groups(json!({"injective": false})), json!([[null, 2], ["0", 1], ["1", 2], ["2", 1]]));
    let top = query(
        "topN",
        json!({"dimension": dimension(json!({})), "metric": "n", "threshold": 1, "aggregations": [count()]}),
    );
    assert_eq!(ask(top)[0]["result"], json!([{"v": "1", "n": 2}]));
}

#[test]
fn with_dimensions_first_time_settles_what_the_columns_leave_open() {
    let limit = json!({"type": "default", "columns": ["n"]});
    let context = json!({"sortByDimsFirst": true, "resultAsArray": true});
    let more = json!({"granularity": "day", "dimensions": ["color"], "aggregations": [count()], "limitSpec": limit,
        "context": context});
    let rows = ask(query("groupBy", more));
    let times: Vec<(i64, i64)> =
        rows.as_array().into_iter().flatten().filter_map(|row| Some((row[2].as_i64()?, row[0].as_i64()?))).collect();
    assert!(times.len() > 3 && times.is_sorted(), "{rows}");
}

#[test]
fn with_dimensions_first_a_limit_keeps_by_dimension_and_shows_by_time() {
    let asked = |limit: Value, more: Value| {
        let mut asked =
            query("groupBy", json!({"granularity": "day", "dimensions": ["color"], "aggregations": [count()]}));
        asked["limitSpec"] = limit;
        asked["context"] = json!({"sortByDimsFirst": true, "resultAsArray": true});
        asked["context"].as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let rows = ask(asked);
        rows.as_array().into_iter().flatten().map(|row| json!([row[0], row[1]])).collect::<Vec<_>>()
    };
    let all = asked(json!(null), json!({}));
    let first_of = |order: fn(&Value) -> (Option<&str>, Option<i64>)| {
        let mut rows = all.clone();
        rows.sort_by(|a, b| order(a).cmp(&order(b)));
        rows
    };
    let by_dimension = first_of(|row| (row[1].as_str(), row[0].as_i64()));
    assert_eq!(all, by_dimension, "without a limitSpec");
    let by_time = |mut rows: Vec<Value>| {
        rows.sort_by_key(|row| row[0].as_i64());
        rows
    };
    let three = json!({"type": "default", "limit": 3});
    assert_ne!(by_time(all[..3].to_vec()), by_time(all.clone())[..3]);
    assert_eq!(asked(three.clone(), json!({})), by_time(all[..3].to_vec()));
    // What is not cut where rows are read is cut in the order that is shown.
    assert_eq!(asked(three, json!({"applyLimitPushDown": false})), by_time(all.clone())[..3]);
    assert_eq!(asked(json!({"type": "default"}), json!({})), by_time(all.clone()));
}

#[test]
fn what_a_subtotal_leaves_out_keeps_its_type_for_having() {
    let user = json!({"type": "default", "dimension": "user", "outputName": "u", "outputType": "LONG"});
    let num_rows = |subtotals: Value, low: Value| {
        let more = json!({"dimensions": ["color", user], "aggregations": [count()], "subtotalsSpec": subtotals,
            "having": {"type": "filter", "filter": low}});
        lists(more).as_array().map_or(0, Vec::len)
    };
    let low = |dimension: &str| json!({"type": "bound", "dimension": dimension, "upper": "~"});
    assert_eq!(num_rows(json!([["color"]]), low("u")), 0, "the null of a number passes no bound");
    assert!(num_rows(json!([["u"]]), low("color")) > 0, "that of a text passes one without a lower end");
}
