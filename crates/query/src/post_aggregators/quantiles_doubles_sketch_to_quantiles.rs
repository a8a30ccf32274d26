//! `quantilesDoublesSketchToQuantiles`: several quantiles as a list.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantiles::Quantiles;

use super::{PostAggregator, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    fields.require("fractions")?;
    let fractions = sketch::doubles(fields, "fractions")?;
    let quantiles = move |bytes: &[u8]| {
        let view = Quantiles::decode(bytes)?.view();
        let values = fractions.iter().map(|fraction| Ok(sketch::number(view.quantile(*fraction)?)));
        values.collect()
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(quantiles)))
}
