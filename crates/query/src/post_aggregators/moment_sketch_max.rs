//! `momentSketchMax`: the greatest value of a moments sketch.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::moments::Moments;
use aggregate::sketches::number_sketch::NumberSketch;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    sketch::over(fields, env, sketch::Apply::Double(Box::new(|bytes| Ok(Moments::decode(bytes)?.max()))))
}
