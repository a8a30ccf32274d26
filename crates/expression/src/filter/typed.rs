//! Literals with a type, as `equals`, `range` and `inType` have them.

use dialect::{print, read};
use serde_json::Value;

use super::predicate::NumberType;
use crate::Result;
use crate::json::{Object, scalar_text};
use crate::numbers::key;

/// The type of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchType {
    String,
    Long,
    Double,
    Float,
}

/// A literal of its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Long(i64),
    Double(f64),
    /// Kept as it was written: only a column of floats is asked for the float.
    Float(f64),
}

impl MatchType {
    /// Reads the name of a type from a field.
    pub fn parse(object: Object<'_>, field: &str) -> Result<MatchType> {
        let name = object.text(field)?;
        match name.to_ascii_uppercase().as_str() {
            "STRING" => Ok(MatchType::String),
            "LONG" => Ok(MatchType::Long),
            "DOUBLE" => Ok(MatchType::Double),
            "FLOAT" => Ok(MatchType::Float),
            upper if upper.starts_with("ARRAY<") || upper.starts_with("COMPLEX<") => {
                Err(crate::Error::unsupported(format!("filter: '{field}' of {name} is not supported")))
            }
            _ => Err(crate::Error::Unknown { what: "type", name }),
        }
    }

    /// The literal that a JSON value is in this type; `None` when it is none.
    pub fn literal(self, json: &Value) -> Option<Literal> {
        let text = scalar_text(json)?;
        match self {
            MatchType::String => Some(Literal::Text(text)),
            MatchType::Long => match json {
                Value::Bool(value) => Some(Literal::Long((*value).into())),
                Value::Number(number) if number.is_f64() => number.as_f64().map(|value| Literal::Long(value as i64)),
                _ => read::long(&text).map(Literal::Long),
            },
            MatchType::Double => read::double(&text).map(Literal::Double),
            MatchType::Float => read::double(&text).map(Literal::Float),
        }
    }
}

impl Literal {
    /// As a string column is asked for it: whole numbers without a fraction, as Druid does.
    pub fn text(&self) -> String {
        match self {
            Literal::Text(text) => text.clone(),
            Literal::Long(value) => value.to_string(),
            Literal::Double(value) => whole(*value).map_or_else(|| print::double_text(*value), |long| long.to_string()),
            Literal::Float(value) => {
                whole(*value).map_or_else(|| print::float_text(*value as f32), |long| long.to_string())
            }
        }
    }

    /// The key of the equal number of a column; `None` when no number of that type is equal.
    pub fn key(&self, number_type: NumberType) -> Option<i64> {
        match (number_type, self) {
            (NumberType::Long, Literal::Long(value)) => Some(*value),
            (NumberType::Long, Literal::Text(text)) => read::long(text),
            (NumberType::Long, Literal::Double(value)) => whole(*value),
            (NumberType::Long, Literal::Float(value)) => whole(*value),
            (NumberType::Double, literal) => literal.double().map(key),
            (NumberType::Float, Literal::Text(text)) => read::float(text).map(|value| key(f64::from(value))),
            (NumberType::Float, literal) => literal.double().map(|value| key(f64::from(value as f32))),
        }
    }

    /// As `key`, but fractions are cut off where the column holds longs.
    pub fn cast_key(&self, number_type: NumberType) -> Option<i64> {
        match (number_type, self) {
            (NumberType::Long, Literal::Double(value)) => Some(*value as i64),
            (NumberType::Long, Literal::Float(value)) => Some(*value as i64),
            _ => self.key(number_type),
        }
    }

    /// As a value that arrays hold.
    pub fn value(&self) -> dialect::value::Value<'_> {
        use dialect::value::Value;
        match self {
            Literal::Text(text) => Value::Text(text.as_str().into()),
            Literal::Long(value) => Value::Long(*value),
            Literal::Double(value) | Literal::Float(value) => Value::Double(*value),
        }
    }

    pub fn double(&self) -> Option<f64> {
        match self {
            Literal::Text(text) => read::double(text),
            Literal::Long(value) => Some(*value as f64),
            Literal::Double(value) => Some(*value),
            Literal::Float(value) => Some(*value),
        }
    }
}

/// A double without fraction as a long.
fn whole(value: f64) -> Option<i64> {
    let long = value as i64;
    (long as f64 == value && value < 9.3e18).then_some(long)
}
