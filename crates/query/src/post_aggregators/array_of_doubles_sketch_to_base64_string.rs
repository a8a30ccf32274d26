//! `arrayOfDoublesSketchToBase64String`: the bytes of a tuple sketch in base64.

use std::sync::Arc;

use ::expression::Environment;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    sketch::over(fields, env, sketch::Apply::Text(Box::new(|bytes| Ok(STANDARD.encode(bytes)))))
}
