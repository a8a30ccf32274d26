use std::collections::HashSet;

use aggregate::ColumnType;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use segment::{BatchView, SegmentRef, widen};
use serde_json::{Value, json};

use super::{DimensionSpec, KINDS};

#[test]
fn no_tag_occurs_twice() {
    let tags: HashSet<_> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags.len(), KINDS.len());
}

fn segment() -> SegmentRef {
    let view = BatchView::builder().time([0, 1, 2, 86_400_000]);
    let view = view.string("s", [Some("ab"), None, Some("ac"), Some("12")]);
    let lists = [vec![Some("a"), Some("b")], vec![], vec![Some("b")], vec![Some("a"), Some("a")]];
    let view =
        view.strings("tags", lists.map(|list| list.into_iter().map(|v| v.map(String::from)).collect::<Vec<_>>()));
    let view = view.long("l", [Some(1), Some(2), None, Some(1)]);
    view.build().map(|view| -> SegmentRef { view }).unwrap()
}

/// Rows as text joined by commas; no value is `-`.
fn rows(spec: Value) -> Vec<String> {
    let column = DimensionSpec::parse(&spec).unwrap().bind(&segment()).unwrap();
    let array = column.read(0..4);
    let Some(dictionary) = column.dictionary() else {
        let longs = array.as_primitive::<Int64Type>();
        return (0..4)
            .map(|row| if longs.is_null(row) { "null".into() } else { longs.value(row).to_string() })
            .collect();
    };
    let entries: Vec<_> = (0u32..).take(dictionary.len()).map(|code| dictionary.get(code).map(String::from)).collect();
    assert_eq!(entries.iter().collect::<HashSet<_>>().len(), entries.len(), "{spec}: entries must be distinct");
    let text = |codes: Vec<u32>| match codes.is_empty() {
        true => "-".to_string(),
        false => {
            codes.iter().map(|c| entries[*c as usize].clone().unwrap_or("null".into())).collect::<Vec<_>>().join(",")
        }
    };
    match array.as_list_opt::<i32>() {
        Some(lists) => (0..4).map(|row| text(widen(&*lists.value(row)).unwrap())).collect(),
        None => widen(&*array).unwrap().into_iter().map(|code| text(vec![code])).collect(),
    }
}

#[test]
fn values_as_each_kind_shows_them() {
    let first = json!({"type": "substring", "index": 0, "length": 1});
    let cases = [
        (json!("s"), ["ab", "null", "ac", "12"]),
        (json!({"type": "extraction", "dimension": "s", "extractionFn": first}), ["a", "null", "a", "1"]),
        (
            json!({"type": "lookup", "dimension": "s", "lookup": {"type": "map", "map": {"ab": "X"}}}),
            ["X", "null", "null", "null"],
        ),
        (json!({"type": "listFiltered", "delegate": "tags", "values": ["a"]}), ["a", "-", "-", "a,a"]),
        (
            json!({"type": "listFiltered", "delegate": "tags", "values": ["a"], "isWhitelist": "false"}),
            ["b", "-", "b", "-"],
        ),
        (json!({"type": "regexFiltered", "delegate": "s", "pattern": "a"}), ["-", "-", "-", "-"]),
        (json!({"type": "prefixFiltered", "delegate": "s", "prefix": "a"}), ["ab", "-", "ac", "-"]),
        (json!("nope"), ["null", "null", "null", "null"]),
        (json!({"type": "default", "dimension": "s", "outputType": "LONG"}), ["null", "null", "null", "12"]),
        (json!({"type": "default", "dimension": "l", "outputType": "LONG"}), ["1", "2", "null", "1"]),
        (
            json!({"type": "extraction", "dimension": "__time", "extractionFn": {"type": "timeFormat", "format": "dd"}}),
            ["01", "01", "01", "02"],
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(rows(spec.clone()), expected, "{spec}");
    }
}

#[test]
fn trap_28_numbers_are_text_unless_asked_otherwise() {
    let spec = DimensionSpec::parse(&json!("l")).unwrap();
    assert_eq!((spec.output_name(), spec.output_type()), ("l", &ColumnType::String));
    assert!(spec.is_plain());
    assert_eq!(rows(json!("l")), ["1", "2", "null", "1"]);
    assert_eq!(spec.bind(&segment()).unwrap().column_type(), ColumnType::String);
}

#[test]
fn what_is_wrong_is_named() {
    for (spec, part) in [
        (json!({"type": "odd", "dimension": "s"}), "odd"),
        (json!({"type": "default"}), "dimension"),
        (json!({"type": "default", "dimension": "s", "outputType": "ODD"}), "ODD"),
        (json!({"type": "listFiltered", "delegate": "s", "values": []}), "values"),
        (json!({"type": "lookup", "dimension": "s", "name": "gone"}), "gone"),
        (json!({"type": "lookup", "dimension": "s"}), "lookup"),
        (json!({"type": "extraction", "dimension": "s"}), "extractionFn"),
    ] {
        let error = DimensionSpec::parse(&spec).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}
