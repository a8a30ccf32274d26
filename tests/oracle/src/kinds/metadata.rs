//! What columns there are.

use crate::rows::{Column, Kind};
use serde_json::{Value as Json, json};

/// The columns of the table.
#[derive(Debug, Clone)]
pub struct Metadata(pub Vec<Column>);

impl Metadata {
    pub fn put(&self, out: &mut Json) {
        out["queryType"] = json!("segmentMetadata");
        out["merge"] = json!(true);
        out["analysisTypes"] = json!([]);
    }

    /// Types by name, and the number of rows of the segments that are met.
    pub fn answer(&self, num_rows: usize) -> Json {
        if num_rows == 0 {
            return json!([]);
        }
        let mut types = json!({"__time": "LONG"});
        for Column { name, kind } in &self.0 {
            types[name] = json!(kind.type_name());
        }
        json!([num_rows, types])
    }

    pub fn plain(&self, answer: Json) -> Json {
        let Some(merged) = answer.as_array().and_then(|all| all.first()) else { return json!([]) };
        let mut types = json!({});
        for (name, column) in merged["columns"].as_object().into_iter().flatten() {
            // A column of a segment without a value may have no type there.
            let kind = self.0.iter().find(|column| column.name == *name).map(|column| column.kind);
            let is_there = kind.is_none_or(|kind| kind != Kind::Nested) || !column["typeSignature"].is_null();
            types[name] = if is_there { column["typeSignature"].clone() } else { json!("COMPLEX<json>") };
        }
        json!([merged["numRows"], types])
    }
}
