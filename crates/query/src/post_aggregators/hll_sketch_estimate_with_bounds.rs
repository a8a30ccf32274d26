//! `HLLSketchEstimateWithBounds`: estimate, lower and upper bound.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::hll::Hll;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let deviations = sketch::deviations(fields, "numStdDev")?.unwrap_or(1);
    let bounds = move |bytes: &[u8]| Ok(sketch::numbers(Hll::decode_as_written(bytes)?.bounds(deviations)?));
    sketch::over(fields, env, sketch::Apply::Json(Box::new(bounds)))
}
