//! Arrays as filters compare them: element by element, numbers with numbers whatever their types.

use std::cmp::Ordering;

use aggregate::{Shape, cast};
use dialect::value::{self, Value};
use dialect::{order, read};
use serde_json::Value as Json;

use crate::json::Object;
use crate::{Error, Result};

/// The type of arrays that a field names; `None` when it names no array.
pub(super) fn type_of(object: Object<'_>, field: &str) -> Result<Option<Shape>> {
    let name = object.text(field)?;
    if !name.to_ascii_uppercase().starts_with("ARRAY<") {
        return Ok(None);
    }
    let shape = Shape::of_name(&name).filter(|shape| shape.is_array());
    shape.map(Some).ok_or_else(|| Error::unsupported(format!("filter: '{field}' of {name} is not supported")))
}

/// The array that a JSON value is; `None` when it is none.
pub(super) fn literal(json: &Json, shape: Shape) -> Option<Value<'static>> {
    let Json::Array(_) = json else { return None };
    match value::of_json(json) {
        array @ Value::Array(_) => Some(cast(array, shape).into_owned()),
        _ => None,
    }
}

/// Whether two values are equal.
pub(super) fn same(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Array(_), _) | (_, Value::Array(_)) => false,
        _ => compare(a, b).is_eq(),
    }
}

/// Order of two values, nulls first, a shorter array before a longer; a scalar is an array of one. Numbers are
/// compared with texts as numbers where the text is one, else as texts.
pub(super) fn compare(a: &Value<'_>, b: &Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        (Value::Array(a), Value::Array(b)) => {
            let items = a.iter().zip(b).map(|(a, b)| compare(a, b));
            items.into_iter().find(|order| order.is_ne()).unwrap_or(a.len().cmp(&b.len()))
        }
        (Value::Array(_), b) => compare(a, &Value::Array(vec![b.clone()])),
        (a, Value::Array(_)) => compare(&Value::Array(vec![a.clone()]), b),
        (Value::Long(a), Value::Long(b)) => a.cmp(b),
        (Value::Text(a) | Value::Json(a), Value::Text(b) | Value::Json(b)) => order::compare(a, b),
        (a, b) => match (double(a), double(b)) {
            (Some(a), Some(b)) => crate::numbers::key(a).cmp(&crate::numbers::key(b)),
            _ => order::compare_nullable(text(a).as_deref(), text(b).as_deref()),
        },
    }
}

fn double(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Long(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        Value::Text(text) => read::double(text),
        Value::Null | Value::Array(_) | Value::Json(_) => None,
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    crate::values::scalar_text(value.clone())
}
