//! `quantiles`: several quantiles of a histogram, and its bounds.

use std::sync::Arc;

use ::expression::Environment;
use serde_json::{Value, json};

use super::{PostAggregator, histograms, sketch};
use crate::Result;
use crate::fields::Fields;

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    fields.require("probabilities")?;
    let fractions = sketch::doubles(fields, "probabilities")?;
    fractions.iter().try_for_each(|value| histograms::fraction("probabilities", *value).map(drop))?;
    let quantiles = move |bytes: &[u8]| {
        let histogram = histograms::Histogram::decode(bytes)?;
        let float = |value: f32| sketch::float(value.into());
        let quantiles: Vec<Value> = fractions.iter().map(|value| float(histogram.quantile(*value))).collect();
        let probabilities: Vec<Value> = fractions.iter().map(|value| sketch::float(*value)).collect();
        Ok(json!({"probabilities": probabilities, "quantiles": quantiles, "min": float(histogram.min()),
            "max": float(histogram.max())}))
    };
    histograms::over(fields, env, sketch::Apply::Json(Box::new(quantiles)))
}
