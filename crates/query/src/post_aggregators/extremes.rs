//! The largest or smallest of several fields; nulls are passed over, all null is null.

use std::fmt::Debug;
use std::sync::Arc;

use ::expression::Environment;
use arrow_array::{Float64Array, Int64Array};

use super::{PostAggregator, columns_of, operands};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
enum Pick {
    Double(fn(f64, f64) -> f64),
    Long(fn(i64, i64) -> i64),
}

#[derive(Debug)]
struct Extreme {
    fields: Vec<Arc<dyn PostAggregator>>,
    pick: Pick,
}

pub(super) fn doubles(
    fields: &Fields<'_>,
    env: &Environment,
    pick: fn(f64, f64) -> f64,
) -> Result<Arc<dyn PostAggregator>> {
    build(fields, env, Pick::Double(pick))
}

pub(super) fn longs(
    fields: &Fields<'_>,
    env: &Environment,
    pick: fn(i64, i64) -> i64,
) -> Result<Arc<dyn PostAggregator>> {
    build(fields, env, Pick::Long(pick))
}

fn build(fields: &Fields<'_>, env: &Environment, pick: Pick) -> Result<Arc<dyn PostAggregator>> {
    let parts = operands(fields, "fields", env)?;
    if parts.is_empty() {
        return Err(Error::invalid("'fields' of a greatest or least postAggregation is empty"));
    }
    Ok(Arc::new(Extreme { fields: parts, pick }))
}

impl PostAggregator for Extreme {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.fields)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns: Vec<Values> = self.fields.iter().map(|field| field.values(rows)).collect::<Result<_>>()?;
        let all = 0..rows.num_rows();
        Ok(match self.pick {
            Pick::Double(pick) => {
                let value = |row| columns.iter().filter_map(|c| c.double(row)).reduce(pick);
                Values::Double(all.map(value).collect::<Float64Array>())
            }
            Pick::Long(pick) => {
                let value = |row| columns.iter().filter_map(|c| c.long(row)).reduce(pick);
                Values::Long(all.map(value).collect::<Int64Array>())
            }
        })
    }
}
