//! The verdict of each filter on a null, an other and a fitting value.

use aggregate::sketches::bloom::{Bloom, double_hash, long_hash, null_hash, text_hash};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use segment::{BatchView, SegmentRef};
use serde_json::{Value, json};

use crate::{Filter, Verdict};

/// Row 0 is null everywhere, row 1 holds `a` or 1, row 2 `b` or 2.
fn segment() -> SegmentRef {
    let view = BatchView::builder().time([0, 1, 2]);
    let view = view.string("s", [None, Some("a"), Some("b")]).long("l", [None, Some(1), Some(2)]);
    let view = view.double("d", [None, Some(1.0), Some(2.0)]);
    let view =
        view.strings("mv", [vec![], vec![Some("a".to_string())], vec![Some("a".to_string()), Some("b".to_string())]]);
    view.build().map(|view| -> SegmentRef { view }).unwrap()
}

/// Each row as `t`, `f` or `u`.
fn verdicts(filter: &Value) -> String {
    let segment = segment();
    let bound = Filter::parse(filter).unwrap().bind(&segment).unwrap();
    let mut verdict = Verdict::default();
    bound.select(0..3, &mut verdict).unwrap();
    let is_set = |words: &[u64], row: usize| words[0] >> row & 1 == 1;
    let letter = |row| match &verdict.unknown {
        _ if is_set(&verdict.yes, row) => 't',
        Some(unknown) if is_set(unknown, row) => 'u',
        _ => 'f',
    };
    (0..3).map(letter).collect()
}

fn check(cases: &[(Value, &str)]) {
    for (filter, expected) in cases {
        assert_eq!(verdicts(filter), *expected, "{filter}");
        let turn = |c: char| match c {
            't' => 'f',
            'f' => 't',
            c => c,
        };
        let turned: String = expected.chars().map(turn).collect();
        assert_eq!(verdicts(&json!({"type": "not", "field": filter})), turned, "not {filter}");
        let is = |wanted: char| expected.chars().map(|c| if c == wanted { 't' } else { 'f' }).collect::<String>();
        assert_eq!(verdicts(&json!({"type": "istrue", "field": filter})), is('t'), "istrue {filter}");
        assert_eq!(verdicts(&json!({"type": "isfalse", "field": filter})), is('f'), "isfalse {filter}");
    }
}

#[test]
fn trap_22_leaves_say_unknown_of_null() {
    check(&[
        (json!({"type": "selector", "dimension": "s", "value": "a"}), "utf"),
        (json!({"type": "selector", "dimension": "s"}), "tff"),
        (json!({"type": "selector", "dimension": "l", "value": "1"}), "utf"),
        (json!({"type": "selector", "dimension": "d", "value": "1"}), "utf"),
        (json!({"type": "selector", "dimension": "mv", "value": "b"}), "uft"),
        (json!({"type": "selector", "dimension": "nope", "value": "b"}), "uuu"),
        (json!({"type": "selector", "dimension": "nope"}), "ttt"),
        (json!({"type": "equals", "column": "s", "matchValueType": "STRING", "matchValue": "a"}), "utf"),
        (json!({"type": "equals", "column": "l", "matchValueType": "DOUBLE", "matchValue": 1.0}), "utf"),
        (json!({"type": "equals", "column": "l", "matchValueType": "DOUBLE", "matchValue": 1.1}), "uff"),
        (json!({"type": "in", "dimension": "s", "values": ["a", "z"]}), "utf"),
        (json!({"type": "in", "dimension": "l", "values": [1, "7"]}), "utf"),
        (json!({"type": "inType", "column": "l", "matchValueType": "LONG", "values": [1]}), "utf"),
        (json!({"type": "range", "column": "s", "matchValueType": "STRING", "lower": "b"}), "uft"),
        (json!({"type": "range", "column": "l", "matchValueType": "LONG", "upper": 2, "upperOpen": true}), "utf"),
        (json!({"type": "range", "column": "d", "matchValueType": "DOUBLE", "lower": 1, "lowerOpen": true}), "uft"),
        (json!({"type": "like", "dimension": "s", "pattern": "a%"}), "utf"),
        (json!({"type": "like", "dimension": "d", "pattern": "1._"}), "utf"),
        (json!({"type": "regex", "dimension": "s", "pattern": "[b-z]"}), "uft"),
        (json!({"type": "search", "dimension": "s", "query": {"type": "contains", "value": "A"}}), "utf"),
        (json!({"type": "interval", "dimension": "__time", "intervals": ["1970-01-01T00:00:00.001Z/P1D"]}), "ftt"),
        (json!({"type": "expression", "expression": "l > 1"}), "uft"),
        (json!({"type": "expression", "expression": "s == 'a'"}), "utf"),
        (
            json!({"type": "arrayContainsElement", "column": "mv", "elementMatchValueType": "STRING", "elementMatchValue": "b"}),
            "uft",
        ),
    ]);
}

#[test]
fn trap_22_bound_without_lower_matches_null_text() {
    check(&[
        (json!({"type": "bound", "dimension": "s", "upper": "a"}), "ttf"),
        (json!({"type": "bound", "dimension": "s", "lower": "b"}), "uft"),
        (json!({"type": "bound", "dimension": "s", "lower": "b", "ordering": "strlen"}), "fft"),
        (json!({"type": "bound", "dimension": "l", "upper": "1", "ordering": "numeric"}), "utf"),
        (json!({"type": "bound", "dimension": "l", "lower": "1.5", "ordering": "numeric"}), "uft"),
        (json!({"type": "bound", "dimension": "l", "lower": "1", "lowerStrict": true, "ordering": "numeric"}), "uft"),
        (json!({"type": "bound", "dimension": "nope", "lower": "1"}), "fff"),
    ]);
}

#[test]
fn an_extraction_function_leaves_null_numbers_unknown_to_some() {
    let of = |kind: &str, dimension: &str, more: Value| {
        let mut filter = json!({"type": kind, "dimension": dimension, "extractionFn": {"type": "stringFormat",
            "format": "<%s>", "nullHandling": "returnNull"}});
        more.as_object().into_iter().flatten().for_each(|(name, value)| filter[name] = value.clone());
        filter
    };
    check(&[
        (of("bound", "s", json!({"lower": "<b"})), "fft"),
        (of("bound", "s", json!({"upper": "<b"})), "ttf"),
        (of("bound", "nope", json!({"lower": "<b"})), "fff"),
        (of("bound", "nope", json!({"upper": "<b"})), "ttt"),
        (of("bound", "l", json!({"upper": "<2"})), "utf"),
        (of("in", "l", json!({"values": [null, "<1>"]})), "utf"),
        (of("in", "l", json!({"values": [null]})), "tff"),
        (of("in", "l", json!({"values": ["<1>", "<1>"]})), "utf"),
        (of("in", "l", json!({"values": []})), "fff"),
        (of("like", "l", json!({"pattern": "<1%"})), "utf"),
        (of("selector", "l", json!({"value": null})), "tff"),
    ]);
}

#[test]
fn trap_23_a_null_in_the_list_matches_null() {
    check(&[
        (json!({"type": "in", "dimension": "s", "values": ["a", null]}), "ttf"),
        (json!({"type": "in", "dimension": "l", "values": [2, null]}), "tft"),
        (json!({"type": "inType", "column": "l", "matchValueType": "LONG", "values": [2, null]}), "tft"),
        (json!({"type": "in", "dimension": "s", "values": []}), "fff"),
    ]);
}

#[test]
fn two_valued_filters_decide_null() {
    check(&[
        (json!({"type": "null", "column": "s"}), "tff"),
        (json!({"type": "null", "column": "l"}), "tff"),
        (json!({"type": "null", "column": "mv"}), "tff"),
        (json!({"type": "true"}), "ttt"),
        (json!({"type": "false"}), "fff"),
        (json!({"type": "columnComparison", "dimensions": ["s", "mv"]}), "ttt"),
        (json!({"type": "columnComparison", "dimensions": ["s", "l"]}), "tff"),
    ]);
}

#[test]
fn and_and_or_are_three_valued() {
    let (a, is_null) =
        (json!({"type": "selector", "dimension": "s", "value": "a"}), json!({"type": "null", "column": "s"}));
    check(&[
        (json!({"type": "and", "fields": [a, is_null]}), "uff"),
        (json!({"type": "or", "fields": [a, is_null]}), "ttf"),
        (json!({"type": "and", "fields": [a, {"type": "false"}]}), "fff"),
        (json!({"type": "or", "fields": [a, {"type": "true"}]}), "ttt"),
    ]);
}

#[test]
fn trap_24_different_values_of_a_row_satisfy_both_parts() {
    let is = |value: &str| json!({"type": "selector", "dimension": "mv", "value": value});
    check(&[(json!({"type": "and", "fields": [is("a"), is("b")]}), "uft")]);
}

#[test]
fn a_filter_of_a_value_that_no_row_holds_is_constant() {
    let segment = segment();
    let bind = |filter: Value| Filter::parse(&filter).unwrap().bind(&segment).unwrap();
    let absent = json!({"type": "selector", "dimension": "s", "value": "zz"});
    assert!(bind(absent).is_always_false());
    let absent = json!({"type": "selector", "dimension": "l", "value": "1.5"});
    assert!(!bind(absent).is_always_false(), "what is no long is taken for null");
    let absent = json!({"type": "in", "dimension": "l", "values": ["x"]});
    assert!(bind(absent).is_always_false());
    let nothing = bind(json!({"type": "istrue", "field": {"type": "in", "dimension": "s", "values": []}}));
    assert!(nothing.is_always_false());
    assert_eq!(nothing.positions().unwrap(), Some(Vec::new()));
    assert!(bind(json!({"type": "selector", "dimension": "nope"})).is_always_true());
}

#[test]
fn a_bloom_filter_says_unknown_of_a_null_that_was_not_added() {
    let filter = |column: &str, hashes: &[u64]| {
        let mut bloom = Bloom::new(1_000);
        hashes.iter().for_each(|&hash| bloom.add(hash));
        let mut bytes = Vec::new();
        bloom.encode(&mut bytes);
        json!({"type": "bloom", "dimension": column, "bloomKFilter": STANDARD.encode(bytes)})
    };
    check(&[
        (filter("s", &[text_hash("a")]), "utf"),
        (filter("s", &[text_hash("b"), null_hash()]), "tft"),
        (filter("l", &[long_hash(2)]), "uft"),
        (filter("l", &[text_hash("2")]), "uff"),
        (filter("d", &[double_hash(1.0)]), "utf"),
        (filter("nope", &[text_hash("a")]), "uuu"),
    ]);
}
