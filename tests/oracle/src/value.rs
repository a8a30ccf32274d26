//! One value of one row.

use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Long(i64),
    Double(f64),
}

impl Value {
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    pub fn json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Text(text) => json!(text),
            Value::Long(number) => json!(number),
            Value::Double(number) => json!(number),
        }
    }

    /// As a dimension of texts shows it; none of null.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Text(text) => Some(text.clone()),
            Value::Long(number) => Some(number.to_string()),
            Value::Double(number) => Some(format!("{number:?}")),
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Long(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            Value::Null | Value::Text(_) => None,
        }
    }

    /// Within one type: null first, texts by UTF-16 units.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            (Value::Text(a), Value::Text(b)) => a.encode_utf16().cmp(b.encode_utf16()),
            (a, b) => a.number().partial_cmp(&b.number()).unwrap_or(Ordering::Equal),
        }
    }
}
