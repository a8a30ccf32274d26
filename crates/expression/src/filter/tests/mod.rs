mod nulls;
mod oracle;

use std::collections::HashSet;

use segment::{BatchView, SegmentRef};
use serde_json::{Value, json};

use super::{Filter, KINDS, MAX_DEPTH};
use crate::Verdict;

#[test]
fn no_tag_occurs_twice() {
    let tags: HashSet<_> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags.len(), KINDS.len());
}

fn error(filter: &Value) -> String {
    Filter::parse(filter).expect_err(&filter.to_string()).to_string()
}

#[test]
fn what_is_wrong_is_named() {
    let cases = [
        (json!({"type": "nope"}), "nope"),
        (json!({"dimension": "d"}), "type"),
        (json!({"type": "selector"}), "dimension"),
        (json!({"type": "and", "fields": []}), "fields"),
        (json!({"type": "or", "fields": [null]}), "fields"),
        (json!({"type": "not"}), "field"),
        (json!({"type": "bound", "dimension": "d"}), "lower"),
        (json!({"type": "bound", "dimension": "d", "lower": "1", "ordering": "odd"}), "odd"),
        (json!({"type": "range", "column": "d", "matchValueType": "LONG", "lower": "x"}), "lower"),
        (json!({"type": "range", "column": "d", "matchValueType": "LONG"}), "lower"),
        (json!({"type": "equals", "column": "d", "matchValueType": "STRING", "matchValue": null}), "matchValue"),
        (json!({"type": "equals", "column": "d", "matchValueType": "ODD", "matchValue": 1}), "ODD"),
        (json!({"type": "inType", "column": "d", "matchValueType": "LONG"}), "sortedValues"),
        (json!({"type": "like", "dimension": "d", "pattern": "a", "escape": "xy"}), "escape"),
        (json!({"type": "regex", "dimension": "d", "pattern": "(?=a)"}), "look-ahead"),
        (json!({"type": "regex", "dimension": "d", "pattern": "(a)\\1"}), "back-reference"),
        (json!({"type": "regex", "dimension": "d", "pattern": "("}), "pattern"),
        (json!({"type": "search", "dimension": "d", "query": {"type": "odd"}}), "odd"),
        (json!({"type": "interval", "dimension": "d", "intervals": ["odd"]}), "odd"),
        (json!({"type": "expression", "expression": "nope(d)"}), "nope"),
        (json!({"type": "javascript", "dimension": "d", "function": "f"}), "disabled"),
        (json!({"type": "bloom", "dimension": "d", "bloomKFilter": "AA=="}), "bloomKFilter"),
        (json!("selector"), "object"),
    ];
    for (filter, part) in cases {
        let message = error(&filter);
        assert!(message.contains(part), "{message} should name {part}");
    }
}

#[test]
fn limits_hold() {
    let mut deep = json!({"type": "true"});
    for _ in 0..MAX_DEPTH {
        deep = json!({"type": "not", "field": deep});
    }
    assert!(error(&deep).contains("deep"));
    let wide: Vec<_> = (0..10_001).map(|_| json!({"type": "true"})).collect();
    assert!(error(&json!({"type": "and", "fields": wide})).contains("10000"));
    let values: Vec<_> = (0..1_000_001).map(|_| json!("a")).collect();
    assert!(error(&json!({"type": "in", "dimension": "d", "values": values})).contains("1000000"));
}

#[test]
fn time_intervals_follow_the_tree() {
    let time = |from: i64, to: i64| json!({"type": "range", "column": "__time", "matchValueType": "LONG", "lower": from, "upper": to, "upperOpen": true});
    let other = json!({"type": "selector", "dimension": "d", "value": "x"});
    let intervals = |filter: Value| {
        let intervals = Filter::parse(&filter).unwrap().time_intervals();
        intervals.map(|list| list.into_iter().map(|i| (i.start, i.end)).collect::<Vec<_>>())
    };
    assert_eq!(intervals(time(1, 5)), Some(vec![(1, 5)]));
    assert_eq!(intervals(json!({"type": "and", "fields": [time(1, 5), time(3, 9), other]})), Some(vec![(3, 5)]));
    assert_eq!(intervals(json!({"type": "or", "fields": [time(1, 5), time(7, 9)]})), Some(vec![(1, 5), (7, 9)]));
    assert_eq!(intervals(json!({"type": "or", "fields": [time(1, 5), other]})), None);
    let not = json!({"type": "not", "field": time(1, 5)});
    assert_eq!(intervals(not.clone()), Some(vec![(i64::MIN, 1), (5, i64::MAX)]));
    assert_eq!(intervals(json!({"type": "not", "field": not})), Some(vec![(1, 5)]));
}

#[test]
fn a_negative_zero_is_the_zero_of_one_value_and_none_of_several() {
    let view = BatchView::builder().time([0, 1]).double("d", [Some(-0.0), Some(0.0)]).build().unwrap();
    let segment: SegmentRef = view;
    let num_kept = |values: Value| {
        let filter = json!({"type": "inType", "column": "d", "matchValueType": "DOUBLE", "values": values});
        let mut verdict = Verdict::default();
        Filter::parse(&filter).unwrap().bind(&segment).unwrap().select(0..2, &mut verdict).unwrap();
        verdict.yes.iter().map(|word| word.count_ones()).sum::<u32>()
    };
    assert_eq!(num_kept(json!([0.0])), 2);
    assert_eq!(num_kept(json!([0.0, 4.5])), 1);
    assert_eq!(num_kept(json!([0.0, -0.0])), 2);
    assert_eq!(num_kept(json!([0.0, null])), 1);
}
