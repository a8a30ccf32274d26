//! `quantileFromTDigestSketch`: the value below which a fraction of the values lies.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::tdigest::TDigest;

use super::{PostAggregator, histograms, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let fraction = histograms::fraction("fraction", sketch::double(fields, "fraction")?)?;
    let quantile = move |bytes: &[u8]| Ok(TDigest::decode(bytes)?.quantile(fraction));
    sketch::over(fields, env, sketch::Apply::Double(Box::new(quantile)))
}
