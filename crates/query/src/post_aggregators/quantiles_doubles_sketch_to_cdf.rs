//! `quantilesDoublesSketchToCDF`: the fractions of the values up to each point.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    fields.require("splitPoints")?;
    let points = sketch::doubles(fields, "splitPoints")?;
    let cdf = move |bytes: &[u8]| {
        let sketch = Quantiles::decode(bytes)?;
        let is_empty = sketch.is_empty();
        let fractions = sketch.view().cdf(&points);
        Ok(sketch::numbers(fractions.into_iter().map(|fraction| if is_empty { f64::NAN } else { fraction })))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(cdf)))
}
