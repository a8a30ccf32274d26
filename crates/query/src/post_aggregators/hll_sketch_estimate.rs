//! `HLLSketchEstimate`: the number of distinct values in an HLL sketch.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::hll::Hll;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let estimate = |bytes: &[u8]| -> Result<f64> { Ok(Hll::decode_as_written(bytes)?.estimate()) };
    let apply = match fields.bool("round", false)? {
        true => sketch::Apply::Long(Box::new(move |bytes| Ok(estimate(bytes)?.round() as i64))),
        false => sketch::Apply::Double(Box::new(estimate)),
    };
    sketch::over(fields, env, apply)
}
