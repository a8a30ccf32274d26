//! One value of one row.

use serde_json::{Value as Json, json};
use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Long(i64),
    Double(f64),
    Array(Vec<Value>),
    /// Nested data as it was written.
    Json(Json),
}

impl Value {
    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    pub fn truth(truth: Option<bool>) -> Value {
        truth.map_or(Value::Null, |truth| Value::Long(truth.into()))
    }

    pub fn json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Text(text) => json!(text),
            Value::Long(number) => json!(number),
            Value::Double(number) => json!(number),
            Value::Array(values) => values.iter().map(Value::json).collect(),
            Value::Json(json) => json.clone(),
        }
    }

    /// As a dimension of texts shows it; none of null.
    pub fn text(&self) -> Option<String> {
        match self {
            Value::Null => None,
            Value::Text(text) => Some(text.clone()),
            Value::Long(number) => Some(number.to_string()),
            Value::Double(number) => Some(java(*number)),
            Value::Array(_) | Value::Json(_) => Some(self.json().to_string()),
        }
    }

    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Long(number) => Some(*number as f64),
            Value::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// Within one type: null first, texts by UTF-16 units, arrays by their elements.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Null, Value::Null) => Ordering::Equal,
            (Value::Null, _) => Ordering::Less,
            (_, Value::Null) => Ordering::Greater,
            (Value::Text(a), Value::Text(b)) => a.encode_utf16().cmp(b.encode_utf16()),
            (Value::Array(a), Value::Array(b)) => {
                let first = a.iter().zip(b).map(|(a, b)| a.order(b)).find(|order| order.is_ne());
                first.unwrap_or(a.len().cmp(&b.len()))
            }
            // As Java has it, a negative zero is less than zero.
            (a, b) => a.number().unwrap_or(0.0).total_cmp(&b.number().unwrap_or(0.0)),
        }
    }
}

/// A double as Java prints it.
fn java(number: f64) -> String {
    if number != 0.0 && !(1e-3..1e7).contains(&number.abs()) {
        let text = format!("{number:e}").replace('e', "E");
        return if text.contains('.') { text } else { text.replace('E', ".0E") };
    }
    format!("{number:?}")
}

/// How texts are ordered where a query says so; null is first in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextOrder {
    Lexicographic,
    /// What is no number comes before the numbers, as texts do.
    Numeric,
    /// By the number of UTF-16 units.
    Length,
}

impl TextOrder {
    pub const ALL: [TextOrder; 3] = [TextOrder::Lexicographic, TextOrder::Numeric, TextOrder::Length];

    pub fn name(self) -> &'static str {
        match self {
            TextOrder::Lexicographic => "lexicographic",
            TextOrder::Numeric => "numeric",
            TextOrder::Length => "strlen",
        }
    }

    pub fn compare(self, a: &str, b: &str) -> Ordering {
        let texts = || a.encode_utf16().cmp(b.encode_utf16());
        match self {
            TextOrder::Lexicographic => texts(),
            TextOrder::Numeric => match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
                (Ok(_), Err(_)) => Ordering::Greater,
                (Err(_), Ok(_)) => Ordering::Less,
                (Err(_), Err(_)) => texts(),
            },
            TextOrder::Length => a.encode_utf16().count().cmp(&b.encode_utf16().count()).then_with(texts),
        }
    }

    /// Of values by the texts that they are shown as.
    pub fn values(self, a: &Value, b: &Value) -> Ordering {
        match (a.text(), b.text()) {
            (Some(a), Some(b)) => self.compare(&a, &b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        }
    }
}
