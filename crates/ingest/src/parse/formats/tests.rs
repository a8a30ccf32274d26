use serde_json::{Value, json};

use super::{KINDS, parse_input_format};
use crate::parse::tests::{parse, parser, rows};
use crate::parse::{Numbering, RawBatch, RawRecord};

#[test]
fn the_list_holds_every_format_once() {
    let tags: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
    assert_eq!(tags, ["csv", "delimited", "tsv", "json", "kafka", "lines", "regex"]);
}

/// Values of the dimensions `a` and `b` of every row.
fn read(format: Value, lines: &[&str]) -> Vec<(Value, Value)> {
    let parser = parser(json!({"dimensionsSpec": {"dimensions": ["a", "b"]}}), format, Numbering::Lines);
    let mut batch = parser.batch();
    parse(&parser, &mut batch, lines.iter().map(|line| line.as_bytes()));
    rows(&batch).into_iter().map(|row| (row["a"].clone(), row["b"].clone())).collect()
}

#[test]
fn csv_knows_quotes_nulls_lists_and_headers() {
    let format = json!({"type": "csv", "columns": ["ts", "a", "b"], "listDelimiter": "|"});
    let lines = ["1,x,\"y,z\"", "1,,\"\"", "1,\"say \"\"hi\"\"\",p|q", "1", "1,a,b,c", "1,\"open"];
    assert_eq!(
        read(format, &lines),
        [
            (json!("x"), json!("y,z")),
            (Value::Null, json!("")),
            (json!("say \"hi\""), json!(["p", "q"])),
            (Value::Null, Value::Null),
            (json!("a"), json!("b")),
        ]
    );
    let format = json!({"type": "csv", "findColumnsFromHeader": true, "skipHeaderRows": 1});
    assert_eq!(read(format, &["junk", "ts,b,a", "1,x,y"]), [(json!("y"), json!("x"))]);
}

#[test]
fn tsv_splits_at_its_delimiter_and_may_read_numbers() {
    let format = json!({"type": "tsv", "columns": ["ts", "a", "b"], "tryParseNumbers": true});
    assert_eq!(
        read(format, &["1\t\"x\"\t2.50", "1\t\t+7"]),
        [(json!("\"x\""), json!("2.5")), (Value::Null, json!("7"))]
    );
    let format = json!({"type": "delimited", "delimiter": ";", "columns": ["ts", "a", "b"]});
    assert_eq!(read(format, &["1;x;y"]), [(json!("x"), json!("y"))]);
}

#[test]
fn a_pattern_must_match_the_whole_line() {
    let format = json!({"type": "regex", "pattern": "(\\d+) (\\w+)=(\\w*)", "columns": ["ts", "a", "b"]});
    assert_eq!(read(format, &["1 x=y", "1 x=y!", "2 p="]), [(json!("x"), json!("y")), (json!("p"), json!(""))]);
}

#[test]
fn formats_that_make_no_sense_are_refused_by_name() {
    for (format, field) in [
        (json!({"type": "avro"}), "avro"),
        (json!({}), "type"),
        (json!({"type": "csv"}), "columns"),
        (json!({"type": "csv", "columns": ["a", "a"]}), "columns"),
        (json!({"type": "tsv", "columns": ["a"], "delimiter": "ab"}), "delimiter"),
        (json!({"type": "regex", "pattern": "("}), "pattern"),
        (json!({"type": "kafka"}), "valueFormat"),
        (json!({"type": "json", "flattenSpec": {"fields": [{"type": "path", "name": "x", "expr": "$..x"}]}}), "expr"),
    ] {
        let error = parse_input_format(&format, "inputFormat").unwrap_err().to_string();
        assert!(error.contains(field), "{error} lacks {field}");
    }
}

#[test]
fn kafka_adds_what_the_record_carries() {
    let format = json!({"type": "kafka", "valueFormat": {"type": "json"}, "keyFormat": {"type": "lines"},
        "headerFormat": {"type": "string"}, "partitionColumnName": "p", "offsetColumnName": "o"});
    let schema = json!({"timestampSpec": {"column": "kafka.timestamp", "format": "millis"}, "dimensionsSpec": {"dimensions":
        ["a", "kafka.key", "kafka.topic", "kafka.header.h", {"type": "long", "name": "p"}, {"type": "long", "name": "o"}]}});
    let parser = parser(schema, format, Numbering::Stream);
    let mut batch = parser.batch();
    let headers = [("h", Some(&b"v"[..]))];
    let record = RawRecord {
        offset: 9,
        time_ms: Some(77),
        key: Some(b"k"),
        value: Some(b"{\"a\":\"x\",\"kafka.topic\":\"mine\"}"),
        headers: &headers,
    };
    let tombstone = RawRecord { value: None, ..record };
    parser.parse(&RawBatch { topic: "t", partition: 3, records: &[record, tombstone] }, &mut batch);
    let rows = rows(&batch);
    assert_eq!(
        rows[0],
        json!({"__time": 77, "record": 0, "a": "x", "kafka.key": "k", "kafka.topic": "mine", "kafka.header.h": "v", "p": 3, "o": 9})
    );
    assert_eq!(rows.len(), 1, "a record without a value is no row");
}
