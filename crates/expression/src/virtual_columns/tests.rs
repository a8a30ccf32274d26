use std::collections::HashSet;

use aggregate::{ColumnType, Shape};
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use segment::{BatchView, Column, SegmentRef, widen};
use serde_json::{Value, json};

use super::{KINDS, VirtualColumns, WithVirtual};
use crate::Filter;

#[test]
fn no_tag_occurs_twice() {
    let tags: HashSet<_> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags.len(), KINDS.len());
}

fn segment() -> SegmentRef {
    let tags = |items: &[&str]| items.iter().map(|item| Some(item.to_string())).collect::<Vec<_>>();
    let view = BatchView::builder().time([0, 1, 2, 3]);
    let view = view.string("s", [Some("a"), None, Some("bb"), Some("a")]);
    let view = view.string("t", [Some("x"), Some("y"), None, Some("x")]);
    let view = view.strings("tags", [tags(&["a", "b"]), tags(&[]), tags(&["b"]), tags(&["ab", "c"])]);
    let view = view.long("l", [Some(1), Some(2), None, Some(4)]);
    view.build().map(|view| -> SegmentRef { view }).unwrap()
}

fn with(columns: Value) -> (SegmentRef, VirtualColumns) {
    let columns = VirtualColumns::parse(&columns).unwrap();
    (WithVirtual::new(segment(), &columns).unwrap(), columns)
}

fn expression(name: &str, text: &str) -> Value {
    json!({"type": "expression", "name": name, "expression": text})
}

/// The values of each row as text.
fn rows(column: &dyn Column, num_rows: usize) -> Vec<Vec<Option<String>>> {
    let array = column.read(0..num_rows);
    let Some(dictionary) = column.dictionary() else {
        let text = |row: usize| match column.column_type() {
            ColumnType::Long => array.as_primitive::<Int64Type>().value(row).to_string(),
            _ => array.as_primitive::<Float64Type>().value(row).to_string(),
        };
        return (0..num_rows).map(|row| vec![array.is_valid(row).then(|| text(row))]).collect();
    };
    let text = |codes: Vec<u32>| codes.into_iter().map(|code| dictionary.get(code).map(String::from)).collect();
    match array.as_list_opt::<i32>() {
        Some(lists) => (0..num_rows).map(|row| text(widen(&*lists.value(row)).unwrap())).collect(),
        None => widen(&*array).unwrap().into_iter().map(|code| text(vec![code])).collect(),
    }
}

fn check(text: &str, column_type: ColumnType, expected: [&[&str]; 4]) {
    let (segment, columns) = with(json!([expression("v", text)]));
    let column = segment.column("v").unwrap();
    assert_eq!(column.column_type(), column_type, "{text}");
    let some = |value: &&str| (*value != "null").then(|| value.to_string());
    let expected: Vec<Vec<_>> = expected.iter().map(|row| row.iter().map(some).collect()).collect();
    assert_eq!(rows(&*column, 4), expected, "{text}");
    let taken = column.take(&[3, 0]);
    assert_eq!(taken.len(), 2);
    assert!(columns.check().is_ok());
}

#[test]
fn expressions_are_columns_of_their_type() {
    check("l + 1", ColumnType::Long, [&["2"], &["3"], &["null"], &["5"]]);
    check("l / 2.0", ColumnType::Double, [&["0.5"], &["1"], &["null"], &["2"]]);
    check("upper(s)", ColumnType::String, [&["A"], &["null"], &["BB"], &["A"]]);
    check("strlen(s)", ColumnType::Long, [&["1"], &["null"], &["2"], &["1"]]);
    check("nvl(s, 'none')", ColumnType::String, [&["a"], &["none"], &["bb"], &["a"]]);
    check("concat(s, '-', t)", ColumnType::String, [&["a-x"], &["null"], &["null"], &["a-x"]]);
    check("concat(tags, '!')", ColumnType::String, [&["a!", "b!"], &[], &["b!"], &["ab!", "c!"]]);
    check("nvl(tags, 'none')", ColumnType::String, [&["a", "b"], &[], &["b"], &["ab", "c"]]);
    check("strlen(tags)", ColumnType::String, [&["null"], &["null"], &["1"], &["null"]]);
    check("concat(tags, s)", ColumnType::String, [&["aa", "ba"], &["null"], &["bbb"], &["aba", "ca"]]);
    check("array_length(tags)", ColumnType::Long, [&["2"], &["null"], &["1"], &["2"]]);
    check("\"nope\"", ColumnType::Float, [&["null"], &["null"], &["null"], &["null"]].map(|row: &[&str; 1]| &row[..]));
}

#[test]
fn filtered_values_leave_empty_lists() {
    let cases = [
        (json!({"type": "mv-filtered", "values": ["b"]}), [vec!["b"], vec![], vec!["b"], vec![]]),
        (
            json!({"type": "mv-filtered", "values": ["b"], "isAllowList": false}),
            [vec!["a"], vec![], vec![], vec!["ab", "c"]],
        ),
    ];
    for (mut json, expected) in cases {
        json["name"] = json!("v");
        json["delegate"] = json!("tags");
        let (segment, _) = with(json!([json]));
        let some =
            |row: &Vec<&str>| row.iter().map(|v| Some(v.to_string()).filter(|v| v != "null")).collect::<Vec<_>>();
        assert_eq!(rows(&*segment.column("v").unwrap(), 4), expected.iter().map(some).collect::<Vec<_>>(), "{json}");
    }
}

#[test]
fn columns_may_need_each_other_in_any_order() {
    let (segment, columns) = with(json!([expression("b", "a * 2"), expression("a", "l + 1")]));
    let values = rows(&*segment.column("b").unwrap(), 4);
    assert_eq!(values[0], [Some("4".to_string())]);
    assert_eq!(columns.required_columns(["b"]).into_iter().collect::<Vec<_>>(), ["l"]);
}

#[test]
fn a_circle_is_refused() {
    let circle = json!([expression("a", "b + 1"), expression("b", "a + 1")]);
    let error = VirtualColumns::parse(&circle).unwrap_err().to_string();
    assert!(error.contains("'a'") && error.contains("'b'"), "{error}");
    assert!(VirtualColumns::parse(&json!([expression("a", "1"), expression("a", "2")])).is_err());
    assert!(VirtualColumns::parse(&json!([{"type": "nested-field", "outputName": "v"}])).is_err());
    assert!(VirtualColumns::parse(&json!([{"type": "odd", "name": "v"}])).unwrap_err().to_string().contains("odd"));
}

#[test]
fn a_virtual_column_hides_a_real_one() {
    let (segment, _) = with(json!([expression("s", "t")]));
    let filter = Filter::parse(&json!({"type": "selector", "dimension": "s", "value": "x"})).unwrap();
    let mut mask = Vec::new();
    filter.bind(&segment).unwrap().mask(0..4, false, &mut mask).unwrap();
    assert_eq!(mask, [0b1001]);
    assert!(VirtualColumns::parse(&json!([expression("__time", "l")])).is_err());
}

#[test]
fn what_fails_while_rows_are_read_is_told_afterwards() {
    let (segment, columns) = with(json!([expression("v", "l / (l - 2)")]));
    assert!(columns.check().is_ok());
    segment.column("v").unwrap().read(0..4);
    assert!(columns.check().unwrap_err().to_string().contains("zero"));
    assert!(columns.check().is_ok());
}

/// The type and the values of each row, as a scan shows them.
fn shown(text: &str, output_type: Option<&str>) -> (Option<String>, String) {
    let mut json = expression("v", text);
    if let Some(output_type) = output_type {
        json["outputType"] = json!(output_type);
    }
    let (segment, columns) = with(json!([json]));
    let shown = columns.shown("v", &segment).unwrap();
    (shown.type_name().map(String::from), format!("{:?}", shown.take(&[0, 1, 2]).unwrap()))
}

#[test]
fn a_scan_shows_what_an_expression_gave() {
    let check = |text: &str, output_type, type_name: Option<&str>, values: &str| {
        let (shown_type, shown_values) = shown(text, output_type);
        assert_eq!(shown_type.as_deref(), type_name, "{text}");
        assert_eq!(shown_values.replace("Text(\"", "").replace("\")", ""), values, "{text}");
    };
    check("l / 2", Some("STRING"), Some("LONG"), "[Long(0), Long(1), Null]");
    check("l / 2", Some("FLOAT"), Some("FLOAT"), "[Long(0), Long(1), Null]");
    check("concat(s, t)", Some("LONG"), Some("LONG"), "[ax, Null, Null]");
    let lists = |kind: &str, rows: [&str; 3]| {
        let row = |row: &&str| match *row {
            "null" => "Null".to_string(),
            row => format!("Array(ArrayValue {{ kind: {kind}, items: [{row}] }})"),
        };
        format!("[{}]", rows.iter().map(row).collect::<Vec<_>>().join(", "))
    };
    check("mv_to_array(tags)", None, Some("ARRAY<STRING>"), &lists("Text", ["a, b", "null", "b"]));
    check("tags == 'b'", None, Some("LONG"), &lists("Long", ["Long(0), Long(1)", "Null", "Long(1)"]));
    let several = lists("Text", ["a, b", "null", "null"]);
    let several = several.trim_end_matches(", Null, Null]");
    check("mv_to_array(tags)", Some("STRING"), Some("STRING"), &format!("{several}, Null, b]"));
    check("\"nope\"", None, None, "[Null, Null, Null]");
    check("array_length(nope)", None, Some("FLOAT"), "[Null, Null, Null]");
    check("lower(nope)", None, Some("FLOAT"), "[Null, Null, Null]");
    check("concat(nope, 'x')", None, Some("STRING"), "[Null, Null, Null]");
}

#[test]
fn a_fallback_is_the_first_column_that_is_there() {
    let upper = json!({"type": "extraction", "dimension": "s", "outputName": "u", "extractionFn": {"type": "upper"}});
    let of = |columns: Value| {
        let (segment, _) = with(json!([{"type": "fallback", "name": "v", "columns": columns}]));
        let column = segment.column("v").unwrap();
        (column.column_type(), rows(&*column, 4))
    };
    let some = |values: [Option<&str>; 4]| values.map(|value| vec![value.map(String::from)]).to_vec();
    assert_eq!(of(json!(["none", "l", "s"])), (ColumnType::Long, some([Some("1"), Some("2"), None, Some("4")])));
    assert_eq!(of(json!(["none", upper])), (ColumnType::String, some([Some("A"), None, Some("BB"), Some("A")])));
    assert_eq!(of(json!(["none"])).1, some([None; 4]));
    let error = VirtualColumns::parse(&json!([{"type": "fallback", "name": "v", "columns": []}])).unwrap_err();
    assert!(error.to_string().contains("columns"));
}

#[test]
fn arrays_of_arrays_are_nested_data_that_hold_arrays() {
    let nested = json!({"type": "expression", "name": "v", "expression": "array(array(l, 2), array(7, 8))", "outputType": "ARRAY<ARRAY<LONG>>"});
    let (segment, _) = with(json!([nested]));
    assert_eq!(segment.column("v").unwrap().column_type(), ColumnType::Value(Shape::Json));
    let mask = |element: Value| {
        let filter = json!({"type": "arrayContainsElement", "column": "v", "elementMatchValueType": "ARRAY<LONG>", "elementMatchValue": element});
        let mut mask = Vec::new();
        Filter::parse(&filter).unwrap().bind(&segment).unwrap().mask(0..4, false, &mut mask).unwrap();
        mask
    };
    assert_eq!((mask(json!([4, 2])), mask(json!([7, 8])), mask(json!([4]))), (vec![0b1000], vec![0b1111], vec![0]));
    let odd = json!([{"type": "expression", "name": "v", "expression": "l", "outputType": "ARRAY<ARRAY<ODD>>"}]);
    assert!(VirtualColumns::parse(&odd).is_err());
}
