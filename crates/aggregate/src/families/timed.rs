//! What first and last aggregators have in common.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::input::{ColumnType, InputSpec};
use crate::properties::{Properties, unsupported};

const DEFAULT_TIME_COLUMN: &str = "__time";

/// `{name, fieldName, timeColumn}`.
#[derive(Clone, Debug)]
pub(crate) struct TimedProperties {
    pub name: String,
    pub column: String,
    pub time_column: String,
}

impl TimedProperties {
    pub fn parse(json: &Value) -> Result<TimedProperties> {
        let properties = Properties::new(json)?;
        let time_column = properties.text("timeColumn")?;
        Ok(TimedProperties {
            name: properties.name().to_owned(),
            column: properties.required_text("fieldName")?,
            time_column: time_column.unwrap_or_else(|| DEFAULT_TIME_COLUMN.to_owned()),
        })
    }

    pub fn to_json(&self, tag: &str) -> Value {
        json!({"type": tag, "name": self.name, "fieldName": self.column, "timeColumn": self.time_column})
    }

    pub fn inputs(&self) -> Vec<InputSpec> {
        vec![InputSpec::Column(self.column.clone()), InputSpec::Column(self.time_column.clone())]
    }

    pub fn merging(&self) -> TimedProperties {
        TimedProperties { column: self.name.clone(), ..self.clone() }
    }

    /// Checks that the value is no state but `own`, and that the time, where it is read, is a long.
    pub fn check(&self, columns: &[Option<ColumnType>], own: &ColumnType) -> Result<()> {
        let inputs = self.inputs();
        match columns.first() {
            Some(Some(column_type @ ColumnType::State(_))) if column_type == own => return Ok(()),
            Some(Some(column_type @ ColumnType::State(_))) => {
                return Err(unsupported(&self.name, &inputs[0], column_type));
            }
            _ => {}
        }
        match columns.get(1) {
            None | Some(None | Some(ColumnType::Long)) => Ok(()),
            Some(Some(column_type)) => Err(unsupported(&self.name, &inputs[1], column_type)),
        }
    }
}

/// Stored form of a time with a value: version (1), time (8 bytes, little endian), 1 or 0 for a
/// value that follows or null, the bytes of the value.
pub(crate) struct PairCodec;

impl PairCodec {
    const VERSION: u8 = 1;

    /// Appends all but the value's bytes.
    pub fn encode(time: i64, has_value: bool, out: &mut Vec<u8>) {
        out.push(Self::VERSION);
        out.extend_from_slice(&time.to_le_bytes());
        out.push(has_value.into());
    }

    /// The time and the bytes of the value.
    pub fn decode(bytes: &[u8]) -> Result<(i64, Option<&[u8]>)> {
        let corrupt = |reason: &str| Error::corrupt("first/last", reason);
        let [Self::VERSION, rest @ ..] = bytes else { return Err(corrupt("has an unknown version")) };
        let Some((time, rest)) = rest.split_first_chunk::<8>() else { return Err(corrupt("is cut short")) };
        let value = match rest {
            [0] => None,
            [1, value @ ..] => Some(value),
            _ => return Err(corrupt("has no valid null mark")),
        };
        Ok((i64::from_le_bytes(*time), value))
    }
}
