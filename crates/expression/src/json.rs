//! Fields of JSON objects, read leniently: scalars may be written as strings, null means absent.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// An object being read, with the words that name it in errors.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    what: &'a str,
    fields: &'a Map<String, Value>,
}

impl<'a> Object<'a> {
    /// `what` names the object in errors, as in `filter`.
    pub fn new(what: &'a str, json: &'a Value) -> Result<Self> {
        match json {
            Value::Object(fields) => Ok(Self { what, fields }),
            _ => Err(Error::invalid(format!("{what}: expected an object"))),
        }
    }

    /// The same object under another name.
    pub fn named(self, what: &'a str) -> Self {
        Self { what, ..self }
    }

    pub fn error(&self, reason: impl std::fmt::Display) -> Error {
        Error::invalid(format!("{}: {reason}", self.what))
    }

    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    pub fn require(&self, name: &str) -> Result<&'a Value> {
        self.get(name).ok_or_else(|| self.error(format!("'{name}' is missing")))
    }

    /// The text of a scalar, numbers and booleans as they are printed.
    pub fn opt_text(&self, name: &str) -> Result<Option<String>> {
        self.get(name).map(|value| scalar_text(value).ok_or_else(|| self.wrong(name, "a string"))).transpose()
    }

    pub fn text(&self, name: &str) -> Result<String> {
        self.opt_text(name)?.ok_or_else(|| self.error(format!("'{name}' is missing")))
    }

    pub fn boolean(&self, name: &str, otherwise: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(otherwise),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) => dialect::read::boolean(text).ok_or_else(|| self.wrong(name, "a boolean")),
            Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
            Some(_) => Err(self.wrong(name, "a boolean")),
        }
    }

    pub fn opt_long(&self, name: &str) -> Result<Option<i64>> {
        let value = self.get(name).map(|value| match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|value| value as i64)),
            Value::String(text) => dialect::read::long(text),
            _ => None,
        });
        value.map(|value| value.ok_or_else(|| self.wrong(name, "an integer"))).transpose()
    }

    pub fn opt_double(&self, name: &str) -> Result<Option<f64>> {
        let value = self.get(name).map(|value| match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => dialect::read::double(text),
            _ => None,
        });
        value.map(|value| value.ok_or_else(|| self.wrong(name, "a number"))).transpose()
    }

    pub fn array(&self, name: &str) -> Result<&'a [Value]> {
        match self.require(name)? {
            Value::Array(items) => Ok(items),
            _ => Err(self.wrong(name, "an array")),
        }
    }

    /// An array of scalars as text, null staying null.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<String>>> {
        let item = |item: &Value| match item {
            Value::Null => Ok(None),
            item => scalar_text(item).map(Some).ok_or_else(|| self.wrong(name, "an array of scalars")),
        };
        self.array(name)?.iter().map(item).collect()
    }

    pub fn wrong(&self, name: &str, expected: &str) -> Error {
        self.error(format!("'{name}' must be {expected}"))
    }
}

/// A scalar as text: longs as digits, doubles as Java prints them.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => match number.as_i64() {
            Some(long) => Some(long.to_string()),
            None => number.as_f64().map(dialect::print::double_text),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
