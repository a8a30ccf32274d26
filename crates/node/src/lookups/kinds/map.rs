//! `map`: the content stands in the spec.

use super::{Content, Fields, flag};
use expression::Lookup;
use serde_json::Value;
use std::sync::Arc;

pub(super) fn parse(fields: &Fields) -> Result<Content, String> {
    let Some(Value::Object(map)) = fields.get("map") else { return Err("'map' must be an object".into()) };
    let mut entries = Vec::with_capacity(map.len());
    for (key, value) in map {
        entries.push((key.clone(), text(key, value)?));
    }
    let lookup = Lookup::new(entries, flag(fields, "isOneToOne")?).map_err(|error| error.to_string())?;
    Ok(Content::Given(Arc::new(lookup)))
}

fn text(key: &str, value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        Value::Array(_) | Value::Object(_) => Err(format!("the value of '{key}' must be text")),
    }
}
