//! `quantilesDoublesSketchToString`: a quantiles sketch described for people.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    sketch::over(fields, env, sketch::Apply::Text(Box::new(|bytes| Ok(Quantiles::decode(bytes)?.describe()))))
}
