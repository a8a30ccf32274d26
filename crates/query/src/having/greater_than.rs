//! The aggregate lies above a number; a null one does not.

use std::cmp::Ordering;

use expression::Environment;
use serde_json::Number;

use super::{Having, number};
use crate::Result;
use crate::fields::Fields;
use crate::finalize::Table;

#[derive(Debug)]
struct GreaterThan {
    aggregation: String,
    value: Number,
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Box<dyn Having>> {
    let aggregation = fields.require_text("aggregation")?;
    Ok(Box::new(GreaterThan { aggregation, value: number::parse(fields, "value")? }))
}

impl Having for GreaterThan {
    fn columns(&self) -> Option<Vec<String>> {
        Some(vec![self.aggregation.clone()])
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        let Some(values) = rows.finalized(&self.aggregation)? else {
            return Ok(vec![false; rows.num_rows()]);
        };
        number::which(&values, &self.value, Ordering::Greater)
    }
}
