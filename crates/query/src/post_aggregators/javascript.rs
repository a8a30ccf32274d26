//! `javascript` is switched off, as it is in Druid unless an operator asks for it.

use std::sync::Arc;

use ::expression::Environment;

use super::PostAggregator;
use crate::fields::Fields;
use crate::{Error, Result};

pub(super) fn parse(_: &Fields<'_>, _: &Environment) -> Result<Arc<dyn PostAggregator>> {
    Err(Error::invalid("JavaScript is disabled: a postAggregation of type 'expression' can do most of it"))
}
