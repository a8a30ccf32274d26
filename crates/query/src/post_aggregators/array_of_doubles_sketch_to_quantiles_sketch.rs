//! `arrayOfDoublesSketchToQuantilesSketch`: one of the numbers over the keys held, as a quantiles sketch.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::AggregatorSpec;
use aggregate::sketches::quantiles::Quantiles;
use serde_json::json;

use super::{PostAggregator, parse_nested, tuples};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
struct ToQuantiles {
    field: [Arc<dyn PostAggregator>; 1],
    /// Counted from 1.
    column: usize,
    empty: Quantiles,
    spec: Arc<dyn AggregatorSpec>,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let column = match fields.int("column")?.unwrap_or(1) {
        column @ 1.. => usize::try_from(column).map_err(Error::internal)?,
        column => return Err(Error::invalid(format!("'column' counts from 1, got {column}"))),
    };
    let k = fields.int("k")?.unwrap_or(128);
    let json = json!({"type": "quantilesDoublesSketch", "name": "sketch", "fieldName": "sketch", "k": k,
        "shouldFinalize": false});
    let spec = aggregate::parse_aggregator(&json, &[])?;
    let empty = Quantiles::new(usize::try_from(k).map_err(Error::internal)?)?;
    Ok(Arc::new(ToQuantiles { field: [parse_nested(fields.require("field")?, env)?.post], column, empty, spec }))
}

impl PostAggregator for ToQuantiles {
    fn columns(&self) -> Vec<String> {
        self.field[0].columns()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let columns = tuples::columns(&self.field, rows)?;
        let row = |row: usize| {
            let mut quantiles = self.empty.clone();
            for sketch in tuples::row(&columns, row)? {
                if self.column > sketch.num_values() {
                    let (column, num_values) = (self.column, sketch.num_values());
                    return Err(Error::invalid(format!("'column' is {column}, but sketches have {num_values} values")));
                }
                sketch.entries().for_each(|(_, values)| quantiles.add(values[self.column - 1]));
            }
            let mut bytes = Vec::new();
            quantiles.encode(&mut bytes);
            Ok(bytes)
        };
        Ok(tuples::states((0..rows.num_rows()).map(row).collect::<Result<_>>()?, &self.spec))
    }
}
