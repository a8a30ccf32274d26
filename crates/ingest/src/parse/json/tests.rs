use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::number::{self, Number};
use crate::parse::formats::json::read_tree;
use crate::parse::tests::{parse, parser, rows};
use crate::parse::{
    InputFormat, Numbering, ParsedBatch, Parser, RawBatch, RawRecord, Reader, Rows, parse_input_format,
};
use crate::spec::TimestampSpec;

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
#[derive(Debug)]
struct Tree;

impl InputFormat for Tree {
    fn to_json(&self) -> Value {
        json!({"type": "json"})
    }

    fn reader(&self, _: bool) -> Box<dyn Reader> {
        Box::new(Tree)
    }
}

impl Reader for Tree {
    fn rows<'a>(&mut self, from: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        let format = parse_input_format(&self.to_json(), "inputFormat").unwrap();
        format.reader(true).rows(from, record)
    }

    fn read(&mut self, _: &RawBatch<'_>, record: &RawRecord<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
        read_tree(record.value.unwrap_or_default(), None, true, &[], spec, batch);
    }
}

fn both() -> (Parser, Parser) {
    let schema = json!({
        "dimensionsSpec": {"dimensions": ["a", "b", {"type": "long", "name": "n"}, {"type": "double", "name": "x"},
            {"type": "auto", "name": "u"}]},
        "metricsSpec": [{"type": "doubleSum", "name": "m", "fieldName": "c"}, {"type": "longSum", "name": "k", "fieldName": "n"}],
    });
    let fast = parser(schema, json!({"type": "json"}), Numbering::Stream);
    let slow = Parser::new(fast.schema().clone(), Arc::new(Tree), Numbering::Stream).unwrap();
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_and_the_tree_give_the_same(records in prop::collection::vec(record(), 1..12)) {
        let (fast, slow) = both();
        let (mut one, mut other) = (fast.batch(), slow.batch());
        for _ in 0..2 {
            parse(&fast, &mut one, records.iter().map(Vec::as_slice));
            parse(&slow, &mut other, records.iter().map(Vec::as_slice));
            prop_assert_eq!(told(&one), told(&other));
        }
    }
}
