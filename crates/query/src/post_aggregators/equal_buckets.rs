//! `equalBuckets`: the values of a histogram in so many buckets of one width.

use std::sync::Arc;

use ::expression::Environment;

use super::{PostAggregator, histograms};
use crate::fields::Fields;
use crate::{Error, Result};

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let num_buckets = match fields.int("numBuckets")?.unwrap_or(7) {
        num @ 2..=65_536 => usize::try_from(num).map_err(Error::internal)?,
        num => return Err(Error::invalid(format!("'numBuckets' must be from 2 to 65536, got {num}"))),
    };
    histograms::buckets(fields, env, move |histogram| Ok(histogram.equal_buckets(num_buckets)))
}
