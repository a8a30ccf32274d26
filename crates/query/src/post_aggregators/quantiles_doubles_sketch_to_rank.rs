//! `quantilesDoublesSketchToRank`: the fraction of the values up to a value.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, quantile_sketches};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    quantile_sketches::rank::<Quantiles>(fields, env)
}
