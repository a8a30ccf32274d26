//! `timestampSpec`: which field says when, and how it is written.

use expression::TimestampFormat;
use serde_json::{Value, json};

use super::fields::Fields;
use crate::Result;

/// Where a row's time comes from.
#[derive(Debug, Clone)]
pub struct TimestampSpec {
    /// The field.
    pub column: String,
    /// How it is written.
    pub format: TimestampFormat,
    /// The time in ms of rows that lack the field.
    pub missing_value: Option<i64>,
}

impl TimestampSpec {
    /// Reads a `timestampSpec`; absent is the field `timestamp`, by the format `auto`.
    pub fn parse(fields: Option<Fields<'_>>, default_column: &str) -> Result<TimestampSpec> {
        let Some(fields) = fields else {
            return Ok(TimestampSpec {
                column: default_column.to_owned(),
                format: TimestampFormat::parse("auto")
                    .map_err(|reason| crate::Error::invalid("timestampSpec", reason))?,
                missing_value: None,
            });
        };
        let text = fields.text("format")?.unwrap_or_else(|| "auto".to_owned());
        let format = TimestampFormat::parse(&text).map_err(|reason| fields.wrong("format", reason))?;
        let missing_value = match fields.get("missingValue") {
            None => None,
            Some(value) => Some(missing(&fields, value)?),
        };
        let column = fields.text("column")?.unwrap_or_else(|| default_column.to_owned());
        Ok(TimestampSpec { column, format, missing_value })
    }

    /// The spec with its defaults.
    pub fn to_json(&self) -> Value {
        json!({
            "column": self.column,
            "format": self.format.text(),
            "missingValue": self.missing_value.map(timeline::instant::text),
        })
    }
}

fn missing(fields: &Fields<'_>, value: &Value) -> Result<i64> {
    let found = match value {
        Value::String(text) => TimestampFormat::parse("auto").ok().and_then(|auto| auto.read_text(text)),
        Value::Number(number) => number.as_i64(),
        _ => None,
    };
    found.ok_or_else(|| fields.wrong("missingValue", format!("[{value}] is no time")))
}
