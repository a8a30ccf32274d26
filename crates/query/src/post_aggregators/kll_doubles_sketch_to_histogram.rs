//! `KllDoublesSketchToHistogram`: how many values lie between points, or in ranges of equal width.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::kll::Kll;

use super::{PostAggregator, quantile_sketches};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    quantile_sketches::histogram::<Kll<f64>>(fields, env)
}
