//! `thetaSketchConstant`: the same theta sketch in every row.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::AggregatorSpec;
use aggregate::sketches::theta::Theta;
use arrow_array::BinaryArray;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{PostAggregator, theta_sketch_set_op};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

#[derive(Debug)]
struct Constant {
    bytes: Vec<u8>,
    spec: Arc<dyn AggregatorSpec>,
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let text = fields.require_text("value")?;
    let bytes =
        STANDARD.decode(text).map_err(|error| Error::invalid(format!("'value' of thetaSketchConstant: {error}")))?;
    Theta::decode(&bytes).map_err(|error| Error::invalid(format!("'value' of thetaSketchConstant: {error}")))?;
    Ok(Arc::new(Constant { bytes, spec: theta_sketch_set_op::spec(16_384)? }))
}

impl PostAggregator for Constant {
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let states = BinaryArray::from_iter_values(std::iter::repeat_n(&self.bytes, rows.num_rows()));
        Ok(Values::State { states: Arc::new(states), spec: self.spec.clone() })
    }
}
