//! `quantilesDoublesSketchToHistogram`: how many values lie between points, or in ranges of equal width.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, sketch};
use crate::fields::Fields;
use crate::{Error, Result};

const MAX_BINS: i32 = 65_536;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let points = fields.get("splitPoints").map(|_| sketch::doubles(fields, "splitPoints")).transpose()?;
    let num_bins = fields.int("numBins")?;
    if points.is_some() && num_bins.is_some() {
        return Err(Error::invalid("'splitPoints' and 'numBins' exclude each other"));
    }
    let num_bins = match num_bins.unwrap_or(10) {
        n @ 2..=MAX_BINS => usize::try_from(n).map_err(Error::internal)?,
        n => return Err(Error::invalid(format!("'numBins' must be from 2 to {MAX_BINS}, got {n}"))),
    };
    let histogram = move |bytes: &[u8]| {
        let sketch = Quantiles::decode(bytes)?;
        if sketch.is_empty() {
            let num = points.as_ref().map_or(num_bins, |points| points.len() + 1);
            return Ok(sketch::numbers(std::iter::repeat_n(f64::NAN, num)));
        }
        let view = sketch.view();
        Ok(sketch::numbers(match &points {
            Some(points) => view.histogram(points),
            None => view.even_histogram(num_bins),
        }))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(histogram)))
}
