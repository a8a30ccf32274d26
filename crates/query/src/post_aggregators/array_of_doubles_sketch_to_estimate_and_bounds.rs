//! `arrayOfDoublesSketchToEstimateAndBounds`: the number of distinct keys, its lower and its upper bound.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, sketch, tuples};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let deviations = sketch::deviations(fields, "numStdDevs")?.unwrap_or(1);
    let bounds = move |bytes: &[u8]| {
        let sketch = tuples::decode(bytes)?;
        let (low, high) = sketch.hashes().bounds(deviations)?;
        Ok(sketch::numbers([sketch.estimate(), low, high]))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(bounds)))
}
