//! `quantile`: the value of a histogram below which a fraction of its values lies.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, histograms, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let fraction = histograms::fraction("probability", sketch::double(fields, "probability")?)?;
    let quantile = move |bytes: &[u8]| Ok(histograms::Histogram::decode(bytes)?.quantile(fraction));
    histograms::over(fields, env, sketch::Apply::Float(Box::new(quantile)))
}
