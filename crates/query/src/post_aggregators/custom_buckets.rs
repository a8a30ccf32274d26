//! `customBuckets`: the values of a histogram between given breaks.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, histograms, sketch};
use crate::fields::Fields;
use crate::{Error, Result};

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let breaks: Vec<f32> = sketch::doubles(fields, "breaks")?.into_iter().map(|bound| bound as f32).collect();
    if breaks.len() < 2 || !breaks.is_sorted() {
        return Err(Error::invalid("'breaks' must be two or more numbers in ascending order"));
    }
    histograms::buckets(fields, env, move |histogram| Ok(histogram.custom_buckets(&breaks)))
}
