//! `momentSketchSolveQuantiles`: several quantiles of a moments sketch as a list.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::moments::Moments;
use aggregate::sketches::number_sketch::NumberSketch;

use super::{PostAggregator, histograms, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    fields.require("fractions")?;
    let fractions = sketch::doubles(fields, "fractions")?;
    fractions.iter().try_for_each(|value| histograms::fraction("fractions", *value).map(drop))?;
    let quantiles = move |bytes: &[u8]| Ok(sketch::numbers(Moments::decode(bytes)?.quantiles(&fractions)));
    sketch::over(fields, env, sketch::Apply::Json(Box::new(quantiles)))
}
