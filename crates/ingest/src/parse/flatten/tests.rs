use serde_json::json;

use crate::parse::Numbering;
use crate::parse::tests::{parse, parser, rows};

#[test]
fn paths_lead_into_nested_values() {
    let record = r#"{"ts":1,"o":{"k":1,"l":[{"q":"x"},{"q":"y"}],"a.b":2},"v":[0,1,2,3,4],"plain":"p"}"#;
    for (kind, expr, wanted) in [
        ("path", "$.o.k", json!("1")),
        ("path", "$['o']['a.b']", json!("2")),
        ("path", "$.o.l[1].q", json!("y")),
        ("path", "$.o.l[-1].q", json!("y")),
        ("path", "$.o.l[*].q", json!(["x", "y"])),
        ("path", "$.v[1:3]", json!(["1", "2"])),
        ("path", "$.v.length()", json!("5")),
        ("path", "$.v.min()", json!("0.0")),
        ("path", "$.v.max()", json!("4.0")),
        ("path", "$.v.sum()", json!("10.0")),
        ("path", "$.none.at.all", json!(null)),
        ("jq", ".o.l[0].q", json!("x")),
        ("root", "plain", json!("p")),
    ] {
        let format = json!({"type": "json", "flattenSpec": {"fields": [{"type": kind, "name": "d", "expr": expr}]}});
        let parser = parser(json!({"dimensionsSpec": {"dimensions": ["d", "plain"]}}), format, Numbering::Stream);
        let mut batch = parser.batch();
        parse(&parser, &mut batch, [record.as_bytes()]);
        let row = &rows(&batch)[0];
        assert_eq!(row["d"], wanted, "{expr}");
        assert_eq!(row["plain"], "p", "{expr}");
    }
}

#[test]
fn without_discovery_only_named_fields_are_there() {
    let format = json!({"type": "json", "flattenSpec": {"useFieldDiscovery": false,
        "fields": ["ts", {"type": "tree", "name": "d", "nodes": ["o", "k"]}]}});
    let parser = parser(json!({"dimensionsSpec": {}}), format, Numbering::Stream);
    let mut batch = parser.batch();
    parse(&parser, &mut batch, [&br#"{"ts":1,"o":{"k":1},"x":2}"#[..]]);
    assert_eq!(rows(&batch)[0], json!({"__time": 1, "record": 0, "d": "1"}));
}
