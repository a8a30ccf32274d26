//! Reading a JSON object of a spec as leniently as Druid does: null is absent, numbers and booleans
//! may be texts, what nobody asks for is ignored.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// One object of a spec and its path from the root, so that errors name the field.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The object at `path`.
    pub fn of(value: &'a Value, path: impl Into<String>) -> Result<Fields<'a>> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Fields { path, map }),
            other => Err(Error::invalid(path, format!("must be an object, not {}", kind_of(other)))),
        }
    }

    /// Path of a property of this object.
    pub fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A property that is there and not null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Paths of the properties that are there, not null, and not one of `known`; sorted.
    pub fn others(&self, known: &[&str]) -> Vec<String> {
        let given = self.map.iter().filter(|(name, value)| !value.is_null() && !known.contains(&name.as_str()));
        let mut paths: Vec<String> = given.map(|(name, _)| self.path(name)).collect();
        paths.sort();
        paths
    }

    /// An error about a property.
    pub fn wrong(&self, name: &str, reason: impl Into<String>) -> Error {
        Error::invalid(self.path(name), reason)
    }

    /// A property that must be there.
    pub fn required(&self, name: &str) -> Result<&'a Value> {
        self.get(name).ok_or_else(|| self.wrong(name, "is required"))
    }

    /// A nested object.
    pub fn object(&self, name: &str) -> Result<Option<Fields<'a>>> {
        self.get(name).map(|value| Fields::of(value, self.path(name))).transpose()
    }

    /// A text; numbers and booleans are taken as their text.
    pub fn text(&self, name: &str) -> Result<Option<String>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(other) => Err(self.wrong(name, format!("must be a text, not {}", kind_of(other)))),
        }
    }

    /// A text that must be there.
    pub fn required_text(&self, name: &str) -> Result<String> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "is required"))
    }

    /// A boolean, `default` where absent.
    pub fn boolean(&self, name: &str, default: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) => match text.trim() {
                "" => Ok(default),
                text => dialect::read::boolean(text).ok_or_else(|| self.wrong(name, "must be true or false")),
            },
            Some(Value::Number(number)) => Ok(number.as_f64() != Some(0.0)),
            Some(other) => Err(self.wrong(name, format!("must be true or false, not {}", kind_of(other)))),
        }
    }

    /// A whole number, where there is one.
    pub fn long(&self, name: &str) -> Result<Option<i64>> {
        let found = match self.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        found.map(Some).ok_or_else(|| self.wrong(name, "must be a whole number"))
    }

    /// A whole number within bounds, `default` where absent.
    pub fn long_within(&self, name: &str, default: i64, least: i64, most: i64) -> Result<i64> {
        let value = self.long(name)?.unwrap_or(default);
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(self.wrong(name, format!("must be between {least} and {most}, not {value}")))
    }

    /// A list; absent is empty.
    pub fn list(&self, name: &str) -> Result<&'a [Value]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => Err(self.wrong(name, format!("must be a list, not {}", kind_of(other)))),
        }
    }

    /// A list of texts; absent is `None`.
    pub fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list = match value {
            Value::Array(list) => list.as_slice(),
            single => std::slice::from_ref(single),
        };
        list.iter()
            .enumerate()
            .map(|(at, item)| match item {
                Value::String(text) => Ok(text.clone()),
                Value::Number(_) | Value::Bool(_) => Ok(item.to_string()),
                other => Err(self.wrong(&format!("{name}[{at}]"), format!("must be a text, not {}", kind_of(other)))),
            })
            .collect::<Result<Vec<_>>>()
            .map(Some)
    }

    /// The `type` of an open set; absent is `default`, and without one an error.
    pub fn tag(&self, default: Option<&str>) -> Result<String> {
        match (self.text("type")?, default) {
            (Some(tag), _) => Ok(tag),
            (None, Some(default)) => Ok(default.to_owned()),
            (None, None) => Err(self.wrong("type", "is required")),
        }
    }
}

/// How a JSON value is named in a message.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9.0e18).then_some(value as i64)
}
