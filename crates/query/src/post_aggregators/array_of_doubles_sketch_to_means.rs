//! `arrayOfDoublesSketchToMeans`: the mean of each number over the keys held.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, sketch, tuples};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let means = |bytes: &[u8]| {
        let moments = tuples::moments(&tuples::decode(bytes)?);
        Ok(sketch::numbers(moments.iter().map(|moments| if moments.count == 0.0 { f64::NAN } else { moments.mean })))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(means)))
}
