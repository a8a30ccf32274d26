//! `KllFloatsSketchToQuantile`: the value below which a fraction of the values lies.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::kll::Kll;

use super::{PostAggregator, quantile_sketches};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    quantile_sketches::quantile::<Kll<f32>>(fields, env)
}
