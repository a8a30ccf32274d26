//! `buckets`: the values of a histogram in buckets of a given width.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, histograms, sketch};
use crate::fields::Fields;
use crate::{Error, Result};

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let width = sketch::double(fields, "bucketSize")? as f32;
    let offset = fields.get("offset").map(|_| sketch::double(fields, "offset")).transpose()?.unwrap_or(0.0) as f32;
    if !(width > 0.0 && width.is_finite() && offset.is_finite()) {
        return Err(Error::invalid(format!("'bucketSize' must be above 0, got {width}")));
    }
    let too_many = move || Error::invalid(format!("'bucketSize' {width} makes too many buckets"));
    histograms::buckets(fields, env, move |histogram| histogram.buckets(width, offset).ok_or_else(too_many))
}
