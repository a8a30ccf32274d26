//! Values as JSON and back.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::{Value, of_key};
use crate::print;

/// The JSON text of a tree without blanks, numbers as Java prints them, properties in their order.
pub fn canonical(tree: &Json) -> String {
    let mut out = Vec::new();
    write_tree(tree, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Appends a tree as JSON; see [`canonical`].
pub fn write_tree(tree: &Json, out: &mut Vec<u8>) {
    match tree {
        Json::Null => out.extend_from_slice(b"null"),
        Json::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(long), _) => print::long(out, long),
            (None, Some(double)) if !number.is_u64() => print::json_double(out, double),
            _ => out.extend_from_slice(number.to_string().as_bytes()),
        },
        Json::String(text) => print::json_string(out, text),
        Json::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_tree(item, out);
            }
            out.push(b']');
        }
        Json::Object(fields) => {
            out.push(b'{');
            for (at, (name, field)) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                print::json_string(out, name);
                out.push(b':');
                write_tree(field, out);
            }
            out.push(b'}');
        }
    }
}

/// The value of a tree. Whole numbers beyond a long are doubles.
pub fn of_json(tree: &Json) -> Value<'_> {
    match tree {
        Json::Null => Value::Null,
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(long), _) => Value::Long(long),
            (None, double) => Value::Double(double.unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(Cow::Borrowed(text)),
        Json::Array(items) if items.iter().all(|item| !(item.is_array() || item.is_object() || item.is_boolean())) => {
            Value::Array(items.iter().map(of_json).collect())
        }
        Json::Bool(_) | Json::Array(_) | Json::Object(_) => Value::Json(Cow::Owned(canonical(tree))),
    }
}

/// The tree of a value; numbers that JSON has not are texts.
pub fn to_json(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Long(value) => Json::from(*value),
        Value::Double(value) if value.is_finite() => Json::from(*value),
        Value::Double(value) => Json::from(print::double_text(*value)),
        Value::Text(text) => Json::from(text.as_ref()),
        Value::Array(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Json(text) => serde_json::from_str(text).unwrap_or(Json::Null),
    }
}

/// Appends the value of a key as JSON; a text that is no key is a text.
pub fn print(key: Option<&str>, out: &mut Vec<u8>) {
    match of_key(key) {
        Some(value) => print_value(&value, out),
        None => print::json_string(out, key.unwrap_or_default()),
    }
}

/// Appends a value as JSON.
pub fn print_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Long(value) => print::long(out, *value),
        Value::Double(value) => print::json_double(out, *value),
        Value::Text(text) => print::json_string(out, text),
        Value::Json(text) => out.extend_from_slice(text.as_bytes()),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                print_value(item, out);
            }
            out.push(b']');
        }
    }
}
