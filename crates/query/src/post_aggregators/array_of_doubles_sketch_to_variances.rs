//! `arrayOfDoublesSketchToVariances`: the sample variance of each number over the keys held.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, sketch, tuples};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let variances = |bytes: &[u8]| {
        let moments = tuples::moments(&tuples::decode(bytes)?);
        Ok(sketch::numbers(moments.iter().map(tuples::Moments::variance)))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(variances)))
}
