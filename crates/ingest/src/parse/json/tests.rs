use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Scanner;
use super::number::{self, Number};
use crate::parse::flatten::Flatten;
use crate::parse::formats::json::read_tree;
use crate::parse::tests::{parse, parser, rows};
use crate::parse::{
    InputFormat, Numbering, ParsedBatch, Parser, RawBatch, RawRecord, Reader, Rows, parse_input_format,
};
use crate::spec::TimestampSpec;
use crate::spec::fields::Fields;

#[test]
fn numbers_are_read_as_the_standard_library_reads_them() {
    for text in ["0", "-0", "7", "-12", "999999999999999999", "9223372036854775807", "-9223372036854775808"] {
        assert_eq!(number::parse(text.as_bytes()), Some((Number::Long(text.parse().unwrap()), text.len())), "{text}");
    }
    for text in ["0.1", "-0.5", "1.7976931348623157e308", "5e-324", "9223372036854775808", "123456789.123456789", "1E3"]
    {
        assert_eq!(number::parse(text.as_bytes()), Some((Number::Double(text.parse().unwrap()), text.len())), "{text}");
    }
    for text in ["", "-", "01", ".5", "1.", "1e", "1e+", "1e400", "+1", "NaN"] {
        assert_eq!(number::parse(text.as_bytes()), None, "{text}");
    }
}

/// JSON by the tree alone.
#[derive(Debug, Clone, Default)]
struct Tree {
    flatten: Option<Arc<Flatten>>,
}

impl InputFormat for Tree {
    fn to_json(&self) -> Value {
        match &self.flatten {
            None => json!({"type": "json"}),
            Some(flatten) => json!({"type": "json", "flattenSpec": flatten.to_json()}),
        }
    }

    fn reader(&self, _: bool) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

impl Reader for Tree {
    fn rows<'a>(&mut self, from: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        let format = parse_input_format(&self.to_json(), "inputFormat").unwrap();
        format.reader(true).rows(from, record)
    }

    fn read(&mut self, _: &RawBatch<'_>, record: &RawRecord<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
        read_tree(record.value.unwrap_or_default(), self.flatten.as_deref(), true, &[], spec, batch);
    }
}

fn both(dimensions: &Value) -> (Parser, Parser) {
    let schema = json!({
        "dimensionsSpec": dimensions,
        "metricsSpec": [{"type": "doubleSum", "name": "m", "fieldName": "c"}, {"type": "longSum", "name": "k", "fieldName": "n"}],
    });
    let fast = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let slow = Parser::new(fast.schema().clone(), Arc::new(Tree::default()), Numbering::Stream).unwrap();
    (fast, slow)
}

fn told(batch: &ParsedBatch) -> (Vec<Value>, Vec<String>, String) {
    let rejects = batch.rejects().iter().map(|reject| format!("{reject:?}")).collect();
    (rows(batch), rejects, format!("{:?} {:?}", batch.stats(), batch.outcomes()))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        (-1000i64..1000).prop_map(|n| n.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        (0u32..10_000).prop_map(|n| format!("{}.{}", n / 100, n % 100)),
        Just("true".to_owned()),
        Just("false".to_owned()),
        Just("null".to_owned()),
        "[a-zé\\u{1F600} ]{0,20}".prop_map(|text| json!(text).to_string()),
        "\\PC{0,12}".prop_map(|text| json!(text).to_string()),
        Just("\"\\u00e4\\/\\n\"".to_owned()),
        Just("\"\\ud83d\\ude00\"".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
        Just("\"2024-01-01T00:00:00Z\"".to_owned()),
        Just("\"12\"".to_owned()),
        Just("1e999".to_owned()),
        Just("tru".to_owned()),
        Just("\"\\x\"".to_owned()),
    ]
}

fn any_value() -> impl Strategy<Value = String> {
    let list = prop::collection::vec(scalar(), 0..4).prop_map(|items| format!("[{}]", items.join(", ")));
    let object = prop::collection::vec(("[a-c]", scalar()), 0..3)
        .prop_map(|fields| fields.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect::<Vec<_>>().join(","))
        .prop_map(|inner| format!("{{{inner}}}"));
    prop_oneof![4 => scalar(), 1 => list, 1 => object]
}

fn record() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![9 => "ts|a|b|n|x|c|u|zz|q", 1 => Just("\\u0061".to_owned())];
    let field = (key, any_value());
    let time = prop_oneof![8 => (0i64..1_000_000).prop_map(|t| format!("\"ts\":{t},")), 1 => Just(String::new())];
    let space = prop_oneof![5 => Just(""), 1 => Just(" "), 1 => Just("\n")];
    let tail = prop_oneof![9 => Just(""), 1 => Just(" x"), 1 => Just("{\"ts\":1,\"a\":\"second\"}")];
    let cut = prop_oneof![9 => Just(None), 1 => (0usize..60).prop_map(Some)];
    let byte = prop_oneof![9 => Just(None), 1 => (0usize..60, any::<u8>()).prop_map(Some)];
    (time, prop::collection::vec(field, 0..8), space, tail, cut, byte).prop_map(
        |(time, fields, space, tail, cut, byte)| {
            let fields: Vec<String> = fields.iter().map(|(k, v)| format!("\"{k}\":{space}{v}")).collect();
            let mut text =
                format!("{{{time}{}}}{tail}", fields.join(&format!(",{space}"))).replace(",}", "}").into_bytes();
            if let Some(cut) = cut {
                text.truncate(cut);
            }
            if let Some((at, byte)) = byte
                && let Some(place) = text.get_mut(at)
            {
                *place = byte;
            }
            text
        },
    )
}

/// What dimensions may be: those named, or what is found.
fn dimensions() -> impl Strategy<Value = Value> {
    let named = ["p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "q", "a", "zz"];
    let typed = json!({"dimensions": ["a", "b", {"type": "long", "name": "n"}, {"type": "double", "name": "x"},
        {"type": "auto", "name": "u"}, {"type": "json", "name": "c"}]});
    let found =
        [json!({}), json!({"useSchemaDiscovery": true}), json!({"dimensions": ["a"], "includeAllDimensions": true})];
    let some = [json!({"dimensions": named}), typed];
    prop::sample::select(some.into_iter().chain(found).collect::<Vec<_>>())
}

/// Reads the records by the scanner alone; false where it could not.
fn scanned(schema: Value, flatten: Option<Value>, records: &[&str]) -> (Vec<Value>, Vec<bool>) {
    let format = json!({"type": "json", "flattenSpec": flatten});
    let parser = parser(schema, format, Numbering::Stream);
    let flatten = flatten.map(|flatten| Flatten::parse(&Fields::of(&flatten, "flattenSpec").unwrap()).unwrap());
    let (mut scanner, mut batch) = (Scanner::default(), parser.batch());
    let read = |record: &&str| {
        batch.begin_record(0);
        scanner.read(record.as_bytes(), flatten.as_ref(), &[], &parser.schema().timestamp, &mut batch)
    };
    let read = records.iter().map(read).collect();
    batch.keep = vec![(1 << batch.num_rows()) - 1];
    batch.resolve();
    (rows(&batch), read)
}

#[test]
fn the_scanner_needs_no_order_and_no_tree() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["a", "b", {"type": "json", "name": "j"}]}});
    let records = [
        r#"{"ts":1,"a":"x","b":"y","j":{"k":[1,{"l":2}]}}"#,
        r#"{"b":"y","ts":1,"none":[{"k":"\ud800","l":[]},1e9],"a":"x","j":{"k":[1,{"l":2}]}}"#,
        r#"{"j":{"k":[1,{"l":2}]},"a":"\u0078" , "n":{},"b" :"y","ts":1}"#,
        r#"{"a":["x"],"j":{"k":[1,{"l":2}]},"b":["y"],"ts":1,"a_name_of_more_bytes_than_four_words_have":null}"#,
        r#"{"a_name_of_more_bytes_than_four_words_have":1,"b":"y","a":"x","ts":1,"j":{"k":[1,{"l":2}]}}"#,
    ];
    let (rows, read) = scanned(schema, None, &records);
    assert_eq!((rows.len(), read), (5, vec![true; 5]));
    assert!(rows.iter().all(|row| *row == rows[0]), "{rows:?}");
}

#[test]
fn the_scanner_follows_paths_on_its_way() {
    let schema = json!({"dimensionsSpec": {"dimensions": ["x", "l", "c", "a"]}});
    let path = |name: &str, expr: &str| json!({"type": "path", "name": name, "expr": expr});
    let fields = [path("x", "$.a.b.x"), path("l", "$.l[1]"), path("c", "$.a.n.length()"), path("none", "$.a.none")];
    let flatten = json!({"fields": fields});
    let records = [
        r#"{"ts":1,"a":{"b":{"x":"1","y":"\""},"n":[1,2]},"l":[0,"2",[3]]}"#,
        r#"{"l" : [0, "\u0032"],"a" : {"n" : [1, {}], "none": 1, "b" : {"z":{},"x" : 1}},"ts":1}"#,
    ];
    let (rows, read) = scanned(schema.clone(), Some(flatten.clone()), &records);
    assert_eq!(read, [true, true]);
    for row in &rows {
        assert_eq!((&row["x"], &row["l"], &row["c"]), (&json!("1"), &json!("2"), &json!("2")), "{row}");
    }
    assert!(rows[0]["a"].as_str().is_some_and(|text| text.starts_with("{b={x=1")), "{rows:?}");
    let unusual = [
        r#"{"ts":1,"a":1,"a":2}"#,
        r#"{"ts":1,"a":{"b":1,"b":2}}"#,
        r#"{"ts":1,"\u0061":1}"#,
        r#"{"ts":1,"a":{"\u0062":1}}"#,
        r#"{"ts":1} {}"#,
        "[]",
        "{",
        r#"{"ts":1,"z":01}"#,
        r#"{"ts":1,"a":"\ud800"}"#,
    ];
    assert_eq!(scanned(schema, Some(flatten), &unusual).1, [false; 9]);
}

/// The same records with paths into them, by the scanner and by the tree.
fn flattened(dimensions: &Value, discovers: bool) -> (Parser, Parser) {
    let field = |kind: &str, name: &str, expr: &str| json!({"type": kind, "name": name, "expr": expr});
    let flatten = json!({
        "useFieldDiscovery": discovers,
        "fields": [
            "ts", field("path", "p1", "$.a.b"), field("path", "p2", "$.b[0]"), field("path", "p3", "$.b[0].c"),
            field("path", "p4", "$.c[-1]"), field("path", "p5", "$.a[*]"), field("path", "p6", "$.x.length()"),
            field("jq", "p7", ".a.b.c"), field("path", "p8", "$.b[0:2]"), field("root", "q", "zz"),
            field("path", "n", "$.a"), {"type": "tree", "name": "p9", "nodes": ["x", "a", "b"]},
        ],
    });
    let schema = json!({
        "dimensionsSpec": dimensions,
        "metricsSpec": [{"type": "longSum", "name": "k", "fieldName": "n"}],
    });
    let fast = parser(schema, json!({"type": "json", "flattenSpec": flatten}), Numbering::Stream);
    let fields = Fields::of(&flatten, "flattenSpec").unwrap();
    let tree = Tree { flatten: Some(Arc::new(Flatten::parse(&fields).unwrap())) };
    let slow = Parser::new(fast.schema().clone(), Arc::new(tree), Numbering::Stream).unwrap();
    (fast, slow)
}

fn nested_value() -> impl Strategy<Value = String> {
    any_value().prop_recursive(4, 24, 4, |inner| {
        let list = prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , ")));
        let object = prop::collection::vec(("[a-cxz]", inner), 0..4).prop_map(|fields| {
            let fields: Vec<String> = fields.iter().map(|(k, v)| format!("\"{k}\" :{v}")).collect();
            format!("{{{}}}", fields.join(","))
        });
        prop_oneof![list, object]
    })
}

fn nested_record() -> impl Strategy<Value = Vec<u8>> {
    let key = prop_oneof![12 => "ts|a|b|n|x|c|zz|q|p1", 1 => Just("\\u0061".to_owned())];
    let cut = prop_oneof![12 => Just(None), 1 => (0usize..90).prop_map(Some)];
    (prop::collection::vec((key, nested_value()), 0..7), cut).prop_map(|(fields, cut)| {
        let fields: Vec<String> = fields.iter().map(|(k, v)| format!(",\"{k}\": {v}")).collect();
        // What cannot be held spoils the tree of a record wherever it stands, and a pass only where it is read.
        let mut text = format!("{{\"ts\":1{}}}", fields.concat()).replace("1e999", "1e99");
        text = text.replace("\"\\ud83d\"", "\"\"");
        let mut text = text.into_bytes();
        text.truncate(cut.unwrap_or(usize::MAX));
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_and_the_tree_give_the_same(
        records in prop::collection::vec(record(), 1..12),
        dimensions in dimensions(),
    ) {
        let (fast, slow) = both(&dimensions);
        let (mut one, mut other) = (fast.batch(), slow.batch());
        for _ in 0..2 {
            parse(&fast, &mut one, records.iter().map(Vec::as_slice));
            parse(&slow, &mut other, records.iter().map(Vec::as_slice));
            prop_assert_eq!(told(&one), told(&other));
        }
    }

    #[test]
    fn the_scanner_and_the_tree_give_the_same_of_paths(
        records in prop::collection::vec(nested_record(), 1..10),
        discovers in any::<bool>(),
        dimensions in dimensions(),
    ) {
        let (fast, slow) = flattened(&dimensions, discovers);
        let (mut one, mut other) = (fast.batch(), slow.batch());
        for _ in 0..2 {
            parse(&fast, &mut one, records.iter().map(Vec::as_slice));
            parse(&slow, &mut other, records.iter().map(Vec::as_slice));
            prop_assert_eq!(told(&one), told(&other));
        }
    }
}
