//! Lines of CSV and TSV into columns.

use super::Target;
use super::json::{parse, parser};
use ingest::Parser;
use serde_json::json;
use std::sync::LazyLock;

pub const TARGET: Target = Target { name: "separated", run };

static PARSERS: LazyLock<Vec<Parser>> = LazyLock::new(|| {
    let columns = json!(["ts", "s", "l", "d"]);
    vec![
        parser(json!(["s", "l"]), json!({"type": "csv", "columns": columns, "listDelimiter": "|"})),
        parser(json!(["s", "l"]), json!({"type": "csv", "findColumnsFromHeader": true})),
        parser(json!(["s"]), json!({"type": "tsv", "columns": columns, "delimiter": ";", "skipHeaderRows": 1})),
    ]
});

fn run(data: &[u8]) {
    PARSERS.iter().for_each(|parser| parse(parser, data));
}
