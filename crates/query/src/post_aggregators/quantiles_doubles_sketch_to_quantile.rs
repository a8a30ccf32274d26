//! `quantilesDoublesSketchToQuantile`: the value below which a fraction of the values lies.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let fraction = sketch::double(fields, "fraction")?;
    let quantile = move |bytes: &[u8]| Ok(Quantiles::decode(bytes)?.view().quantile(fraction)?);
    sketch::over(fields, env, sketch::Apply::Double(Box::new(quantile)))
}
