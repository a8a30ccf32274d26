//! `HLLSketchUnion`: the union of HLL sketches, a sketch again.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::{AggregatorSpec, Fold, Groups, Rows};
use arrow_array::ArrayRef;
use serde_json::json;

use super::{PostAggregator, columns_of, operands, sketch};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
struct Union {
    fields: Vec<Arc<dyn PostAggregator>>,
    /// Folds the sketches and shows the result.
    spec: Arc<dyn AggregatorSpec>,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let parts = operands(fields, "fields", env)?;
    if parts.is_empty() {
        return Err(Error::invalid("'fields' of HLLSketchUnion is empty"));
    }
    let json = json!({"type": "HLLSketchMerge", "name": "sketch", "fieldName": "sketch", "shouldFinalize": false,
        "lgK": fields.get("lgK"), "tgtHllType": fields.get("tgtHllType")});
    Ok(Arc::new(Union { fields: parts, spec: aggregate::parse_aggregator(&json, &[])? }))
}

impl PostAggregator for Union {
    fn columns(&self) -> Vec<String> {
        columns_of(&self.fields)
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let mut fold = Fold::merging(std::slice::from_ref(&self.spec))?;
        fold.grow(rows.num_rows());
        let order: Vec<u32> = (0..).take(rows.num_rows()).collect();
        for field in &self.fields {
            let sketches: ArrayRef = Arc::new(sketch::sketches(field.as_ref(), rows)?);
            fold.merge(0, Groups::U32(&order), rows.num_rows(), Rows::All, &[sketches])?;
        }
        let states = fold.states(&order)?.pop().ok_or_else(|| Error::internal("a union without states"))?;
        Ok(Values::State { states, spec: self.spec.clone() })
    }
}
