//! Reading the properties of a JSON object: lenient scalars, null as absent, errors that name the field.

use serde_json::{Map, Value};

use crate::{Error, Result};

/// An object of the query and what to call it in errors.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    what: &'a str,
}

impl<'a> Fields<'a> {
    pub fn of(value: &'a Value, what: &'a str) -> Result<Self> {
        match value {
            Value::Object(map) => Ok(Self { map, what }),
            other => Err(Error::invalid(format!("{what} must be an object, got {}", short(other)))),
        }
    }

    /// The property, unless absent or null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|v| !v.is_null())
    }

    pub fn require(&self, name: &str) -> Result<&'a Value> {
        self.get(name).ok_or_else(|| Error::invalid(format!("{} needs '{name}'", self.what)))
    }

    pub fn text(&self, name: &str) -> Result<Option<String>> {
        self.get(name).map(|v| self.as_text(name, v)).transpose()
    }

    pub fn require_text(&self, name: &str) -> Result<String> {
        self.as_text(name, self.require(name)?)
    }

    fn as_text(&self, name: &str, value: &Value) -> Result<String> {
        match value {
            Value::String(s) => Ok(s.clone()),
            Value::Number(n) => Ok(n.to_string()),
            Value::Bool(b) => Ok(b.to_string()),
            other => Err(self.wrong(name, "a string", other)),
        }
    }

    pub fn bool(&self, name: &str, default: bool) -> Result<bool> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(b)) => Ok(*b),
            Some(Value::Number(n)) if n.is_i64() || n.is_u64() => Ok(n.as_i64() != Some(0)),
            Some(Value::String(s)) => match s.trim() {
                "true" | "True" | "TRUE" => Ok(true),
                "false" | "False" | "FALSE" | "" => Ok(false),
                _ => Err(self.wrong(name, "a boolean", &Value::String(s.clone()))),
            },
            Some(other) => Err(self.wrong(name, "a boolean", other)),
        }
    }

    pub fn long(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(n)) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => Ok(Some(i)),
                (None, Some(f)) if f.abs() < 9.2e18 => Ok(Some(f.trunc() as i64)),
                _ => Err(self.wrong(name, "a whole number", &Value::Number(n.clone()))),
            },
            Some(Value::String(s)) if s.trim().is_empty() => Ok(None),
            Some(Value::String(s)) => match s.trim().parse() {
                Ok(i) => Ok(Some(i)),
                Err(_) => Err(self.wrong(name, "a whole number", &Value::String(s.clone()))),
            },
            Some(other) => Err(self.wrong(name, "a whole number", other)),
        }
    }

    /// A 32-bit number, as Druid's int fields are.
    pub fn int(&self, name: &str) -> Result<Option<i32>> {
        self.long(name)?
            .map(|n| {
                i32::try_from(n).map_err(|_| Error::invalid(format!("'{name}' of {} is out of range: {n}", self.what)))
            })
            .transpose()
    }

    /// A list; absent is empty.
    pub fn list(&self, name: &str) -> Result<&'a [Value]> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(self.wrong(name, "a list", other)),
        }
    }

    pub fn texts(&self, name: &str) -> Result<Vec<String>> {
        self.list(name)?.iter().map(|v| self.as_text(name, v)).collect()
    }

    pub fn wrong(&self, name: &str, want: &str, got: &Value) -> Error {
        Error::invalid(format!("'{name}' of {} must be {want}, got {}", self.what, short(got)))
    }
}

/// The value, cut so that an error stays readable.
pub(crate) fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// The `type` of an object.
pub(crate) fn tag_of<'a>(value: &'a Value, what: &str) -> Result<&'a str> {
    match value.get("type") {
        Some(Value::String(tag)) => Ok(tag),
        _ => Err(Error::invalid(format!("{what} needs a 'type', got {}", short(value)))),
    }
}

/// The error for a tag that is in no list.
pub(crate) fn unknown(what: &str, tag: &str, known: impl Iterator<Item = &'static str>) -> Error {
    Error::invalid(format!("unknown {what} '{tag}': known are {}", known.collect::<Vec<_>>().join(", ")))
}
