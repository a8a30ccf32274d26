//! `KllDoublesSketchToQuantiles`: several quantiles as a list.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::kll::Kll;

use super::{PostAggregator, quantile_sketches};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    quantile_sketches::quantiles::<Kll<f64>>(fields, env)
}
