//! `constant`: the same value in every row.

use std::sync::Arc;

use ::expression::Environment;
use arrow_array::{Float64Array, Int64Array, StringArray};
use serde_json::Value;

use super::PostAggregator;
use crate::Result;
use crate::fields::Fields;
use crate::finalize::{Table, Values};

#[derive(Debug)]
struct Constant(Value);

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    match fields.require("value")? {
        value @ (Value::Number(_) | Value::String(_)) => Ok(Arc::new(Constant(value.clone()))),
        other => Err(fields.wrong("value", "a number or a string", other)),
    }
}

impl PostAggregator for Constant {
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let n = rows.num_rows();
        Ok(match &self.0 {
            Value::String(text) => Values::Text(StringArray::from_iter_values(std::iter::repeat_n(text, n))),
            other => match other.as_i64() {
                Some(long) => Values::Long(Int64Array::from_value(long, n)),
                None => Values::Double(Float64Array::from_value(other.as_f64().unwrap_or(f64::NAN), n)),
            },
        })
    }
}
