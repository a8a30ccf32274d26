//! `thetaSketchEstimate`: the number of distinct values in a theta sketch, with bounds if asked for.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::theta::Theta;
use serde_json::json;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let estimate = match sketch::deviations(fields, "errorBoundsStdDev")? {
        None => sketch::Apply::Double(Box::new(|bytes| Ok(Theta::decode(bytes)?.estimate()))),
        Some(deviations) => sketch::Apply::Json(Box::new(move |bytes| {
            let theta = Theta::decode(bytes)?;
            let (low, high) = theta.bounds(deviations)?;
            Ok(json!({"estimate": theta.estimate(), "highBound": high, "lowBound": low, "numStdDev": deviations}))
        })),
    };
    sketch::over(fields, env, estimate)
}
