//! `longGreatest`: the largest of its fields.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, extremes};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    extremes::longs(fields, env, i64::max)
}
