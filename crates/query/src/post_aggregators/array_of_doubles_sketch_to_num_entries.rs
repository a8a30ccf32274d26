//! `arrayOfDoublesSketchToNumEntries`: the number of keys that the sketch holds.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, sketch, tuples};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let num_entries = |bytes: &[u8]| Ok(i64::try_from(tuples::decode(bytes)?.num_retained()).unwrap_or(i64::MAX));
    sketch::over(fields, env, sketch::Apply::Long(Box::new(num_entries)))
}
