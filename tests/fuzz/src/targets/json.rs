//! JSON records into columns, by specs that between them use everything that is read out of a record.

use super::Target;
use ingest::parse::{Numbering, parse_input_format};
use ingest::{DataSchema, Parser, RawBatch, RawRecord};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

pub const TARGET: Target = Target { name: "json", run };

static PARSERS: LazyLock<Vec<Parser>> = LazyLock::new(|| {
    let flatten = json!({"type": "json", "flattenSpec": {"useFieldDiscovery": true, "fields": [
        {"type": "path", "name": "p", "expr": "$.a.b[0].c"},
        {"type": "path", "name": "w", "expr": "$.a.*"},
        {"type": "jq", "name": "q", "expr": ".a.b"},
        {"type": "root", "name": "a"},
    ]}});
    let typed =
        json!(["s", {"type": "long", "name": "l"}, {"type": "double", "name": "d"}, {"type": "float", "name": "f"}]);
    vec![
        parser(typed, json!({"type": "json"})),
        parser(json!([]), json!({"type": "json"})),
        parser(json!(["p", "w", "q", "a"]), flatten),
    ]
});

/// A parser of the columns that every seed has.
pub fn parser(dimensions: Value, format: Value) -> Parser {
    let schema = json!({
        "dataSource": "t",
        "timestampSpec": {"column": "ts", "format": "auto"},
        "dimensionsSpec": {"dimensions": dimensions},
        "metricsSpec": [
            {"type": "count", "name": "count"},
            {"type": "doubleSum", "name": "sum", "fieldName": "d"},
            {"type": "hyperUnique", "name": "users", "fieldName": "s"},
            {"type": "longMax", "name": "max", "fieldName": "l"},
        ],
        "transformSpec": {"transforms": [{"type": "expression", "name": "e", "expression": "concat(s, l)"}]},
        "granularitySpec": {"type": "uniform", "segmentGranularity": "DAY", "queryGranularity": "MINUTE"},
    });
    let schema = DataSchema::parse(&schema, &[]).expect("a schema");
    let format = parse_input_format(&format, "inputFormat").expect("a format");
    Parser::new(Arc::new(schema), format, Numbering::Stream).expect("a parser")
}

/// One record, twice: what the first left behind must not disturb the second.
pub fn parse(parser: &Parser, data: &[u8]) {
    let record = |offset| RawRecord { offset, value: Some(data), ..RawRecord::default() };
    let mut batch = parser.batch();
    for offset in 0..2 {
        let records = [record(offset)];
        parser.parse(&RawBatch { topic: "t", partition: 0, records: &records }, &mut batch);
        assert_eq!(batch.num_records(), 1, "every record has an outcome");
    }
}

fn run(data: &[u8]) {
    PARSERS.iter().for_each(|parser| parse(parser, data));
}
