//! `max`: the greatest value of a histogram.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, histograms};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    histograms::number(fields, env, histograms::Histogram::max)
}
