//! The aggregate equals a number; without a value, it is null.

use std::cmp::Ordering;

use expression::Environment;
use serde_json::Number;

use super::{Having, number};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct EqualTo {
    aggregation: String,
    value: Option<Number>,
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Box<dyn Having>> {
    let value = fields.get("value").map(|_| number::parse(fields, "value")).transpose()?;
    Ok(Box::new(EqualTo { aggregation: fields.require_text("aggregation")?, value }))
}

impl Having for EqualTo {
    fn columns(&self) -> Option<Vec<String>> {
        Some(vec![self.aggregation.clone()])
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        let Some(values) = rows.finalized(&self.aggregation)? else {
            return Ok(vec![self.value.is_none(); rows.num_rows()]);
        };
        match &self.value {
            None => Ok((0..rows.num_rows()).map(|row| values.is_null(row)).collect()),
            Some(value) => number::which(&values, value, Ordering::Equal),
        }
    }
}
