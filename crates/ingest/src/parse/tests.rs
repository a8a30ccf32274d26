use std::sync::Arc;

use aggregate::Shape;
use serde_json::{Value, json};

use super::*;
use crate::spec::{DataSchema, DimensionType};

/// A parser of `schema`'s dataSchema over `format`.
pub(crate) fn parser(schema: Value, format: Value, numbering: Numbering) -> Parser {
    let mut schema = schema;
    for (key, value) in [("dataSource", json!("t")), ("timestampSpec", json!({"column": "ts"}))] {
        if schema.get(key).is_none() {
            schema[key] = value;
        }
    }
    let schema = Arc::new(DataSchema::parse(&schema, &[]).unwrap());
    let format = parse_input_format(&format, "inputFormat").unwrap();
    Parser::new(schema, format, numbering).unwrap()
}

pub(crate) fn parse<'a>(parser: &Parser, batch: &mut ParsedBatch, values: impl IntoIterator<Item = &'a [u8]>) {
    let record = |(at, value)| RawRecord { offset: at as i64, value: Some(value), ..RawRecord::default() };
    let records: Vec<RawRecord<'_>> = values.into_iter().enumerate().map(record).collect();
    parser.parse(&RawBatch { topic: "t", partition: 0, records: &records }, batch);
}

/// The value of a dimension in a row, as JSON.
pub(crate) fn value(column: ColumnView<'_>, row: usize) -> Value {
    match column {
        ColumnView::Text(column, interner) => {
            let texts: Vec<Value> = column.row(row).iter().map(|code| json!(interner.get(*code))).collect();
            match texts.len() {
                0 => Value::Null,
                1 => texts[0].clone(),
                _ => Value::Array(texts),
            }
        }
        ColumnView::Long(column) => json!(column.get(row)),
        ColumnView::Double(column) => json!(column.get(row)),
        ColumnView::Float(column) => json!(column.get(row)),
        ColumnView::Time(times) => json!(times[row]),
        ColumnView::Absent => Value::Null,
    }
}

/// All rows: time, then dimensions by name, then the inputs of metrics.
pub(crate) fn rows(batch: &ParsedBatch) -> Vec<Value> {
    let names = batch.dimensions();
    let row = |row: usize| {
        let mut out = json!({"__time": batch.time()[row], "record": batch.row_record()[row]});
        for (at, dimension) in names.iter().enumerate() {
            out[&dimension.name] = value(batch.dimension(at), row);
        }
        for metric in 0..batch.layout.metrics.len() {
            let inputs: Vec<Value> = batch.metric_inputs(metric).map(|column| value(column, row)).collect();
            out[format!("metric {metric}")] = Value::Array(inputs);
        }
        out
    };
    (0..batch.num_rows()).map(row).collect()
}

fn one(schema: Value, record: &str) -> (Value, ParsedBatch) {
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    parse(&parser, &mut batch, [record.as_bytes()]);
    (rows(&batch).into_iter().next().unwrap_or(Value::Null), batch)
}

#[test]
fn text_dimensions_take_the_text_of_any_value() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["d"]}});
    let cases = [
        ("1.0", json!("1.0")),
        ("1e7", json!("1.0E7")),
        ("12", json!("12")),
        ("true", json!("true")),
        ("null", Value::Null),
        ("\"\"", json!("")),
        ("[]", Value::Null),
        ("[\"x\"]", json!("x")),
        ("[\"b\",\"a\",\"b\"]", json!(["a", "b", "b"])),
        ("[2,1.5,true]", json!(["1.5", "2", "true"])),
        ("\"\\u00e9\\n\"", json!("é\n")),
        ("{\"a\":1,\"b\":[\"x\"]}", json!("{a=1, b=[x]}")),
        ("18446744073709551615", json!("1.8446744073709552E19")),
    ];
    for (written, wanted) in cases {
        let (row, batch) = one(schema.clone(), &format!("{{\"ts\":5,\"d\":{written}}}"));
        assert_eq!(row["d"], wanted, "{written}");
        assert_eq!(batch.stats().processed, 1, "{written}");
    }
}

#[test]
fn several_values_are_handled_as_declared() {
    for (handling, wanted) in
        [("ARRAY", json!(["b", "a", "b"])), ("SORTED_SET", json!(["a", "b"])), ("sorted_array", json!(["a", "b", "b"]))]
    {
        let schema = json!({"dimensionsSpec": {"dimensions": [
            {"type": "string", "name": "d", "multiValueHandling": handling}]}});
        let (row, _) = one(schema, "{\"ts\":5,\"d\":[\"b\",\"a\",\"b\"]}");
        assert_eq!(row["d"], wanted, "{handling}");
    }
}

#[test]
fn number_dimensions_convert_or_null_the_field() {
    let cases = [
        ("long", "1.9", json!(1), None),
        ("long", "\"1.0\"", json!(1), None),
        ("long", "\"1.5\"", Value::Null, Some("Could not convert value [1.5] to long for dimension [d].")),
        ("long", "true", json!(1), None),
        ("long", "[1]", Value::Null, Some("Could not convert a List to a number for dimension [d].")),
        ("double", "\"2.5\"", json!(2.5), None),
        ("double", "3", json!(3.0), None),
        ("double", "\"x\"", Value::Null, Some("Could not convert value [x] to double for dimension [d].")),
        ("float", "0.5", json!(0.5), None),
    ];
    for (kind, written, wanted, error) in cases {
        let schema = json!({"dimensionsSpec": {"dimensions": [{"type": kind, "name": "d"}, "e"]}});
        let (row, batch) = one(schema, &format!("{{\"ts\":5,\"d\":{written},\"e\":\"x\"}}"));
        assert_eq!((&row["d"], &row["e"]), (&wanted, &json!("x")), "{kind} {written}");
        assert_eq!(batch.stats().processed_with_error, u64::from(error.is_some()), "{kind} {written}");
        let details: Vec<&str> = batch.rejects().iter().flat_map(|r| &r.details).map(String::as_str).collect();
        assert_eq!(details, Vec::from_iter(error), "{kind} {written}");
    }
}

#[test]
fn metrics_read_texts_with_commas_and_signs() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["e"]}, "metricsSpec": [
        {"type": "doubleSum", "name": "m", "fieldName": "c"}, {"type": "longSum", "name": "n", "fieldName": "c"}]});
    let cases = [("\" 1,234 \"", 1234.0, 1234), ("\"+2.5\"", 2.5, 2), ("7", 7.0, 7), ("2.9", 2.9, 2)];
    for (written, double, long) in cases {
        let (row, _) = one(schema.clone(), &format!("{{\"ts\":5,\"c\":{written}}}"));
        assert_eq!((&row["metric 0"], &row["metric 1"]), (&json!([double]), &json!([long])), "{written}");
    }
    let (row, batch) = one(schema, "{\"ts\":5,\"c\":\"free\"}");
    assert_eq!(row["metric 0"], json!([null]));
    assert_eq!(batch.rejects()[0].details[0], "Unable to parse value[free] for field[c]");
    assert_eq!(batch.rejects()[0].input, "{ts=5, c=free}");
}

#[test]
fn what_cannot_be_read_is_told_as_the_reports_tell_it() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["ad_id"]}});
    let parser = parser(schema, json!({"type": "json"}), Numbering::Lines);
    let mut batch = parser.batch();
    let lines = ["{\"ts\":1,\"ad_id\":\"a\"}", "oops", "{\"ad_id\": \"no time\"}", "[1,2]", "  "];
    parse(&parser, &mut batch, lines.map(str::as_bytes));
    let details: Vec<&str> = batch.rejects().iter().map(|r| r.details[0].as_str()).collect();
    assert_eq!(
        details,
        [
            "Unable to parse row [oops] (Record: 2, Line: 2)",
            "Timestamp[null] is unparseable! Event: {ad_id=no time} (Record: 2, Line: 3)",
            "Timestamp[null] is unparseable! Event: {} (Record: 3, Line: 4)",
        ]
    );
    let stats = batch.stats();
    assert_eq!((stats.processed, stats.unparseable, stats.thrown_away), (1, 3, 1));
    assert_eq!(batch.outcomes()[0], Outcome::Indexed);
    assert_eq!(batch.outcomes()[1], Outcome::Unparseable(Reason::Malformed));
    assert_eq!(batch.outcomes()[2], Outcome::Unparseable(Reason::Timestamp));
    assert_eq!(batch.outcomes()[4], Outcome::ThrownAway(Reason::Empty));
}

#[test]
fn a_record_of_a_stream_may_hold_several_objects() {
    let parser = parser(json!({"dimensionsSpec": {"dimensions": ["d"]}}), json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    parse(&parser, &mut batch, [&b"{\"ts\":1,\"d\":\"a\"}\n{\"ts\":2,\"d\":\"b\"} x"[..], b"{\"ts\":3}"]);
    assert_eq!(batch.time(), [1, 2, 3]);
    assert_eq!(batch.row_record(), [0, 0, 1]);
    assert_eq!((batch.stats().processed, batch.stats().unparseable), (3, 1));
    assert_eq!(batch.outcomes(), [Outcome::Indexed, Outcome::Indexed]);
}

#[test]
fn schemaless_rows_get_their_dimensions_as_they_come() {
    let schema = json!({"dimensionsSpec": {"dimensionExclusions": ["x"]},
        "metricsSpec": [{"type": "longSum", "name": "m", "fieldName": "c"}]});
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    let records = [&b"{\"ts\":1,\"a\":1,\"x\":2,\"c\":3,\"o\":{\"k\":1}}"[..], b"{\"ts\":2,\"b\":[\"p\",\"q\"]}"];
    parse(&parser, &mut batch, records);
    let names: Vec<String> = batch.dimensions().into_iter().map(|d| d.name).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(rows(&batch)[0]["b"], Value::Null);
    assert_eq!(rows(&batch)[1]["b"], json!(["p", "q"]));
    let version = batch.schema_version();
    parse(&parser, &mut batch, [&b"{\"ts\":3,\"b\":\"z\"}"[..]]);
    assert_eq!(batch.schema_version(), version);
    assert_eq!(rows(&batch)[0], json!({"__time": 3, "record": 0, "a": null, "b": "z", "metric 0": [null]}));
}

#[test]
fn discovered_types_follow_the_values() {
    let parser =
        parser(json!({"dimensionsSpec": {"useSchemaDiscovery": true}}), json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    parse(&parser, &mut batch, [&b"{\"ts\":1,\"l\":1,\"d\":1.5,\"s\":\"x\",\"b\":true,\"m\":1}"[..]]);
    let types =
        |batch: &ParsedBatch| -> Vec<&str> { batch.dimensions().iter().map(|d| d.dimension_type.tag()).collect() };
    assert_eq!(types(&batch), ["long", "double", "string", "long", "long"]);
    let version = batch.schema_version();
    parse(&parser, &mut batch, [&b"{\"ts\":1,\"m\":2.5}"[..], b"{\"ts\":1,\"m\":7}"]);
    let found = |batch: &ParsedBatch| batch.dimensions()[4].dimension_type;
    let key = |value: Value| json!(dialect::value::key(&dialect::value::of_json(&value)));
    assert_eq!(found(&batch), DimensionType::Values(Shape::Double));
    assert!(batch.schema_version() > version);
    assert_eq!((&rows(&batch)[0]["m"], &rows(&batch)[1]["m"]), (&key(json!(2.5)), &key(json!(7))));
    parse(&parser, &mut batch, [&b"{\"ts\":1,\"m\":\"x\"}"[..], b"{\"ts\":1,\"m\":7}"]);
    assert_eq!(found(&batch), DimensionType::Values(Shape::String));
    assert_eq!(rows(&batch)[1]["m"], key(json!(7)));
    parse(&parser, &mut batch, [&b"{\"ts\":1,\"m\":[1,true,null]}"[..], b"{\"ts\":1,\"m\":{\"a\":[1]}}"]);
    assert_eq!(found(&batch), DimensionType::Values(Shape::Json));
    assert_eq!(rows(&batch)[0]["m"], key(json!([1, 1, null])));
    assert_eq!(rows(&batch)[1]["m"], key(json!({"a": [1]})));
}

#[test]
fn arrays_and_nested_data_are_kept_as_declared() {
    let schema = json!({"dimensionsSpec": {"dimensions": [{"type": "auto", "name": "a"}, {"type": "json", "name": "j"},
        {"type": "auto", "name": "c", "castToType": "ARRAY<LONG>"}, {"type": "auto", "name": "l", "castToType": "LONG"}]}});
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    let records = [
        &b"{\"ts\":1,\"a\":[1,2],\"j\":true,\"c\":[\"7\",2.5],\"l\":\"12\"}"[..],
        b"{\"ts\":1,\"a\":[2.5,null],\"j\":{\"x\":{\"y\":1e10}},\"c\":3,\"l\":[1]}",
        b"{\"ts\":1,\"a\":[],\"j\":[1,\"x\"]}",
    ];
    parse(&parser, &mut batch, records);
    let key = |value: Value| json!(dialect::value::key(&dialect::value::of_json(&value)));
    let types: Vec<DimensionType> = batch.dimensions().iter().map(|d| d.dimension_type).collect();
    assert_eq!(types[..2], [DimensionType::Values(Shape::DoubleArray), DimensionType::Json]);
    assert_eq!(types[2..], [DimensionType::Values(Shape::LongArray), DimensionType::Long]);
    let rows = rows(&batch);
    assert_eq!(
        rows.iter().map(|row| row["a"].clone()).collect::<Vec<_>>(),
        [key(json!([1.0, 2.0])), key(json!([2.5, null])), key(json!([])),]
    );
    assert_eq!((&rows[0]["j"], &rows[1]["j"]), (&json!("Ytrue"), &json!("Y{\"x\":{\"y\":1.0E10}}")));
    assert_eq!((&rows[0]["c"], &rows[1]["c"]), (&key(json!([7, 2])), &key(json!([3]))));
    assert_eq!((&rows[0]["l"], &rows[1]["l"], &rows[2]["l"]), (&json!(12), &Value::Null, &Value::Null));
}

#[test]
fn hostile_records_are_counted_and_nothing_panics() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["d", {"type": "long", "name": "n"}]}});
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    let deep = format!("{{\"ts\":1,\"z\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_wanted = format!("{{\"ts\":1,\"d\":{}{}}}", "[".repeat(65), "]".repeat(65));
    let huge_number = format!("{{\"ts\":1,\"n\":{}}}", "9".repeat(100_000));
    let infinite = "{\"ts\":1,\"n\":1e999}".to_owned();
    let long_value = format!("{{\"ts\":1,\"d\":\"{}\"}}", "x".repeat(MAX_VALUE_BYTES + 1));
    let giant = format!("{{\"ts\":1,\"d\":\"{}\"}}", "x".repeat(MAX_RECORD_BYTES));
    let many: String = (0..10_001).map(|at| format!(",\"f{at}\":1")).collect();
    let many = format!("{{\"ts\":1{many}}}");
    let mut wrong_utf8 = b"{\"ts\":1,\"d\":\"".to_vec();
    wrong_utf8.extend([0xff, 0xfe, b'"', b'}']);
    let mut wrong_unknown = b"{\"ts\":1,\"q\":\"".to_vec();
    wrong_unknown.extend([0xc3, b'"', b'}']);
    let texts = [deep, deep_wanted, huge_number, infinite, long_value, giant, many];
    let mut records: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    records.push(&wrong_utf8);
    records.push(&wrong_unknown);
    records.push(b"{\"ts\":1,\"d\":\"\\ud800\"}");
    records.push(b"{\"ts\":1,\"d\":\"ok\"}");
    parse(&parser, &mut batch, records.iter().copied());
    assert_eq!(batch.stats().processed, 1, "{:?}", batch.outcomes());
    assert_eq!(batch.stats().unparseable, records.len() as u64 - 1);
    assert_eq!(batch.outcomes()[4], Outcome::Unparseable(Reason::ValueTooLong));
    assert_eq!(batch.outcomes()[5], Outcome::Unparseable(Reason::TooLarge));
    assert_eq!(batch.outcomes()[6], Outcome::Unparseable(Reason::TooManyDimensions));
    assert!(batch.rejects().iter().all(|reject| reject.raw.len() <= RAW_BYTES));
    assert_eq!(rows(&batch)[0]["d"], json!("ok"));
}

#[test]
fn trap_58_windows_go_by_the_time_of_the_record() {
    let windows = crate::transform::Windows { late_ms: Some(100), early_ms: Some(10), ..Default::default() };
    let parser = parser(json!({"dimensionsSpec": {"dimensions": ["d"]}}), json!({"type": "json"}), Numbering::Stream)
        .with_windows(windows);
    let mut batch = parser.batch();
    let texts: Vec<String> = [899, 900, 1010, 1011].map(|ts| format!("{{\"ts\":{ts}}}")).to_vec();
    let record =
        |text: &'static str| RawRecord { value: Some(text.as_bytes()), time_ms: Some(1000), ..Default::default() };
    let records: Vec<RawRecord<'_>> = texts.into_iter().map(|text| record(text.leak())).collect();
    parser.parse(&RawBatch { topic: "t", partition: 0, records: &records }, &mut batch);
    assert_eq!(batch.keep(), [0b0110]);
    assert_eq!(batch.outcomes()[0], Outcome::ThrownAway(Reason::Late));
    assert_eq!(batch.outcomes()[3], Outcome::ThrownAway(Reason::Early));
    assert_eq!((batch.stats().processed, batch.stats().thrown_away), (2, 2));
    assert_eq!(batch.rejects().len(), 2);
}

#[derive(Debug)]
struct Panics;

impl InputFormat for Panics {
    fn to_json(&self) -> Value {
        json!({"type": "panics"})
    }

    fn reader(&self, _: bool) -> Box<dyn Reader> {
        Box::new(PanicsOnBoom)
    }
}

#[derive(Debug)]
struct PanicsOnBoom;

impl Reader for PanicsOnBoom {
    fn rows<'a>(&mut self, _: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        assert_ne!(record.value, Some(&b"boom"[..]));
        let row = vec![("ts".into(), Cell::Long(1)), ("d".into(), Cell::text("x"))];
        Rows { rows: vec![row], failure: None }
    }
}

/// Sketches tell numbers from texts, except in lists; counts of distinct values know texts alone.
#[test]
fn trap_59_values_are_counted_as_druid_counts_them() {
    let metric = |tag: &str, field: &str| json!({"type": tag, "name": tag, field: if field == "fields" { json!(["v"]) } else { json!("v") }});
    let schema = json!({"dimensionsSpec": {"dimensions": ["d"]}, "metricsSpec": [
        metric("hyperUnique", "fieldName"), metric("cardinality", "fields"), metric("thetaSketch", "fieldName"),
        metric("HLLSketchBuild", "fieldName"), metric("stringFirst", "fieldName")]});
    for (v, counted, sketched) in [
        ("1", json!("1"), json!([1, null, null])),
        ("1.5", json!("1.5"), json!([null, 1.5, null])),
        ("\"1\"", json!("1"), json!([null, null, "1"])),
        ("[1,\"x\",2.5]", json!(["1", "x", "2.5"]), json!([null, null, ["1", "x", "2.5"]])),
        ("[1,null]", json!(["1", "null"]), json!([null, null, ["1", null]])),
        ("[[1,2],true]", json!(["[1, 2]", "true"]), json!([null, null, ["[1, 2]", "true"]])),
        ("null", Value::Null, json!([null, null, null])),
        ("[]", Value::Null, json!([null, null, null])),
    ] {
        let (row, _) = one(schema.clone(), &format!(r#"{{"ts":1,"v":{v}}}"#));
        let inputs: Vec<&Value> = (0..4).map(|metric| &row[format!("metric {metric}")]).collect();
        assert_eq!(inputs, [&json!([counted]), &json!([counted]), &sketched, &sketched], "{v}");
    }
    let (row, _) = one(schema, r#"{"ts":1,"v":["a",null]}"#);
    assert_eq!(row["metric 4"][0], json!(["a", null]), "others keep the null");
}

#[test]
fn a_panic_costs_one_record() {
    let schema = json!({"dataSource": "t", "timestampSpec": {"column": "ts"}, "dimensionsSpec": {"dimensions": ["d"]}});
    let schema = Arc::new(DataSchema::parse(&schema, &[]).unwrap());
    let parser = Parser::new(schema, Arc::new(Panics), Numbering::Stream).unwrap();
    let mut batch = parser.batch();
    parse(&parser, &mut batch, [&b"a"[..], b"boom", b"b"]);
    assert_eq!(batch.row_record(), [0, 2]);
    assert_eq!(batch.outcomes()[1], Outcome::Unparseable(Reason::Panic));
    assert_eq!((batch.stats().processed, batch.stats().unparseable), (2, 1));
}

#[test]
fn a_field_that_a_filter_reads_is_discovered_all_the_same() {
    let schema = json!({"dimensionsSpec": {}, "transformSpec": {"filter": {"type": "selector", "dimension": "a", "value": "x"}}});
    let parser = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let mut batch = parser.batch();
    for _ in 0..2 {
        parse(&parser, &mut batch, [&b"{\"ts\":1,\"a\":\"x\",\"b\":1}"[..], b"{\"ts\":1,\"a\":\"y\"}"]);
        let names: Vec<String> = batch.dimensions().into_iter().map(|d| d.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!((&rows(&batch)[0]["a"], batch.keep()), (&json!("x"), &[0b01][..]));
    }
}
