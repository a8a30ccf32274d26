//! `quantilesDoublesSketchToRank`: the fraction of the values up to a value.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let value = sketch::double(fields, "value")?;
    let rank = move |bytes: &[u8]| Ok(Quantiles::decode(bytes)?.view().rank(value));
    sketch::over(fields, env, sketch::Apply::Double(Box::new(rank)))
}
