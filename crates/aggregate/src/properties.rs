//! Properties of an aggregator's JSON, read leniently.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::input::{ColumnType, InputSpec, Lane};

/// The JSON object of one aggregator. A name must be a text.
#[derive(Clone, Copy)]
pub struct Properties<'a> {
    json: &'a Value,
    name: &'a str,
}

impl<'a> Properties<'a> {
    /// Reads the name, which every aggregator must have.
    pub fn new(json: &'a Value) -> Result<Properties<'a>> {
        match json.get("name") {
            Some(Value::String(name)) => Ok(Properties { json, name }),
            None | Some(Value::Null) => Err(Error::MissingField { aggregator: String::new(), field: "name" }),
            Some(_) => Err(Error::invalid("", "name", "must be a text")),
        }
    }

    pub fn name(&self) -> &'a str {
        self.name
    }

    /// A property; null counts as absent.
    pub fn get(&self, field: &str) -> Option<&'a Value> {
        self.json.get(field).filter(|value| !value.is_null())
    }

    pub fn invalid(&self, field: &str, reason: impl Into<String>) -> Error {
        Error::invalid(self.name, field, reason)
    }

    pub fn text(&self, field: &str) -> Result<Option<String>> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(value)) => Ok(Some(value.to_string())),
            Some(_) => Err(self.invalid(field, "must be a text")),
        }
    }

    pub fn required_text(&self, field: &'static str) -> Result<String> {
        self.text(field)?.ok_or(Error::MissingField { aggregator: self.name.into(), field })
    }

    /// A list of texts; one text is a list of one.
    pub fn required_texts(&self, field: &'static str) -> Result<Vec<String>> {
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(self.invalid(field, "must be a list of texts")),
        };
        match self.get(field) {
            None => Err(Error::MissingField { aggregator: self.name.into(), field }),
            Some(Value::Array(values)) => values.iter().map(text).collect(),
            Some(value) => Ok(vec![text(value)?]),
        }
    }

    pub fn flag(&self, field: &str, default: bool) -> Result<bool> {
        match self.get(field) {
            None => Ok(default),
            Some(Value::Bool(value)) => Ok(*value),
            Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("true") => Ok(true),
            Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(self.invalid(field, "must be true or false")),
        }
    }

    /// A whole number inside `range`.
    pub fn integer(&self, field: &str, default: i64, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
        let value = match self.get(field) {
            None => return Ok(default),
            Some(Value::Number(number)) => number.as_i64().or_else(|| whole(number.as_f64()?)),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        match value {
            Some(value) if range.contains(&value) => Ok(value),
            Some(value) => {
                Err(self.invalid(field, format!("is {value}, must be from {} to {}", range.start(), range.end())))
            }
            None => Err(self.invalid(field, "must be a whole number")),
        }
    }

    /// A number, which may be written as text: so are those that JSON has none for.
    pub fn number(&self, field: &str) -> Result<Option<f64>> {
        let number = match self.get(field) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_f64(),
            Some(Value::String(text)) => dialect::read::double(text),
            Some(_) => None,
        };
        match number.filter(|number| !number.is_nan()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.invalid(field, "must be a number")),
        }
    }

    /// Exactly one of `fieldName` and `expression`.
    pub fn number_input(&self) -> Result<InputSpec> {
        match (self.text("fieldName")?, self.text("expression")?) {
            (Some(column), None) => Ok(InputSpec::Column(column)),
            (None, Some(text)) => Ok(InputSpec::Expression(text)),
            (Some(_), Some(_)) => Err(self.invalid("expression", "must not be given together with \"fieldName\"")),
            (None, None) => Err(Error::MissingField { aggregator: self.name.into(), field: "fieldName" }),
        }
    }
}

fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
}

/// The lanes of these columns; a missing one is read as `missing`.
pub fn lanes(columns: &[Option<ColumnType>], missing: Lane) -> Vec<Lane> {
    columns.iter().map(|column| column.as_ref().map_or(missing, Lane::from)).collect()
}

/// Checks that a number can be read from these columns.
pub fn check_numbers(aggregator: &str, inputs: &[InputSpec], columns: &[Option<ColumnType>]) -> Result<()> {
    for (input, column) in inputs.iter().zip(columns) {
        if let Some(column_type @ ColumnType::State(_)) = column {
            return Err(unsupported(aggregator, input, column_type));
        }
    }
    Ok(())
}

/// The error for a column of a type that an aggregator cannot read.
pub fn unsupported(aggregator: &str, input: &InputSpec, column_type: &ColumnType) -> Error {
    let column = match input {
        InputSpec::Column(text) | InputSpec::Expression(text) => text.clone(),
        InputSpec::Dimension(dimension) => dimension.to_string(),
    };
    Error::UnsupportedInput { aggregator: aggregator.into(), column, column_type: column_type.to_string() }
}
