//! `arrayOfDoublesSketchToString`: a tuple sketch described for people.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, sketch, tuples};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    sketch::over(fields, env, sketch::Apply::Text(Box::new(|bytes| Ok(tuples::decode(bytes)?.describe()))))
}
