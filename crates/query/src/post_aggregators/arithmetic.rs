//! `arithmetic`: double mathematics over two or more fields, from the left.

use std::sync::Arc;

use ::expression::Environment;
use arrow_array::Float64Array;

use super::{PostAggregator, columns_of, operands};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::order::How;
use crate::{Error, Result};

type Operation = fn(f64, f64) -> f64;

static OPERATIONS: &[(&str, Operation)] = &[
    ("+", |a, b| a + b),
    ("-", |a, b| a - b),
    ("*", |a, b| a * b),
    ("/", |a, b| if b == 0.0 { 0.0 } else { a / b }),
    ("quotient", |a, b| a / b),
    ("pow", f64::powf),
];

#[derive(Debug)]
struct Arithmetic {
    operation: Operation,
    fields: Vec<Arc<dyn PostAggregator>>,
    order: How,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let name = fields.require_text("fn")?;
    let Some((_, operation)) = OPERATIONS.iter().find(|(known, _)| *known == name) else {
        return Err(Error::invalid(format!("unknown 'fn' of arithmetic: '{name}', known are + - * / quotient pow")));
    };
    let parts = operands(fields, "fields", env)?;
    if parts.len() < 2 {
        return Err(Error::invalid("'fields' of arithmetic needs two or more entries"));
    }
    Ok(Arc::new(Arithmetic { operation: *operation, fields: parts, order: ordering(fields)? }))
}

/// `ordering`: absent, or `numericFirst`.
pub(super) fn ordering(fields: &Fields<'_>) -> Result<How> {
    match fields.text("ordering")?.as_deref() {
        None => Ok(How::Natural),
        Some("numericFirst") => Ok(How::NumericFirst),
        Some(other) => {
            Err(Error::invalid(format!("unknown 'ordering' of a postAggregation: '{other}', known is numericFirst")))
        }
    }
}

impl PostAggregator for Arithmetic {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.fields)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns: Vec<Values> = self.fields.iter().map(|field| field.values(rows)).collect::<Result<_>>()?;
        if columns.iter().any(|column| matches!(column, Values::State { .. })) {
            return Err(Error::invalid("arithmetic over a sketch: use finalizingFieldAccess or its estimate"));
        }
        let value = |row| {
            let (first, rest) = columns.split_first()?;
            rest.iter().try_fold(first.double(row)?, |left, column| Some((self.operation)(left, column.double(row)?)))
        };
        Ok(Values::Double((0..rows.num_rows()).map(value).collect::<Float64Array>()))
    }

    fn order(&self) -> How {
        self.order
    }
}
