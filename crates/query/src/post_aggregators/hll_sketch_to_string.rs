//! `HLLSketchToString`: an HLL sketch described for people.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::hll::Hll;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    sketch::over(fields, env, sketch::Apply::Text(Box::new(|bytes| Ok(Hll::decode_as_written(bytes)?.describe()))))
}
