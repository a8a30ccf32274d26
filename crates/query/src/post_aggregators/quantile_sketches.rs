//! Post-aggregators over a sketch of quantiles, whichever it is.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::quantile_sketch::QuantileSketch;

use super::{PostAggregator, sketch};
use crate::fields::Fields;
use crate::{Error, Result};

const MAX_BINS: i32 = 65_536;

type Parsed = Result<Arc<dyn PostAggregator>>;

/// The value below which a fraction of the values lies.
pub(super) fn quantile<S: QuantileSketch>(fields: &Fields<'_>, env: &Environment) -> Parsed {
    let fraction = sketch::double(fields, "fraction")?;
    let quantile = move |bytes: &[u8]| Ok(S::decode(bytes)?.view().quantile(fraction)?);
    let apply = match S::HOLDS_FLOATS {
        true => sketch::Apply::Float(Box::new(move |bytes| Ok(quantile(bytes)? as f32))),
        false => sketch::Apply::Double(Box::new(quantile)),
    };
    sketch::over(fields, env, apply)
}

/// Several quantiles as a list.
pub(super) fn quantiles<S: QuantileSketch>(fields: &Fields<'_>, env: &Environment) -> Parsed {
    fields.require("fractions")?;
    let fractions = sketch::doubles(fields, "fractions")?;
    let number = if S::HOLDS_FLOATS { sketch::float } else { sketch::number };
    let quantiles = move |bytes: &[u8]| {
        let view = S::decode(bytes)?.view();
        fractions.iter().map(|fraction| Ok(number(view.quantile(*fraction)?))).collect()
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(quantiles)))
}

/// How many values lie between points, or in ranges of equal width.
pub(super) fn histogram<S: QuantileSketch>(fields: &Fields<'_>, env: &Environment) -> Parsed {
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
        let view = S::decode(bytes)?.view();
        if view.is_empty() {
            let num = points.as_ref().map_or(num_bins, |points| points.len() + 1);
            return Ok(sketch::numbers(std::iter::repeat_n(f64::NAN, num)));
        }
        Ok(sketch::numbers(match &points {
            Some(points) => view.histogram(points),
            None => view.even_histogram(num_bins),
        }))
    };
    sketch::over(fields, env, sketch::Apply::Json(Box::new(histogram)))
}

/// The fraction of the values up to a value.
pub(super) fn rank<S: QuantileSketch>(fields: &Fields<'_>, env: &Environment) -> Parsed {
    let value = sketch::double(fields, "value")?;
    let rank = move |bytes: &[u8]| Ok(S::decode(bytes)?.view().rank(value));
    sketch::over(fields, env, sketch::Apply::Double(Box::new(rank)))
}

/// The fractions of the values up to each point.
pub(super) fn cdf<S: QuantileSketch>(fields: &Fields<'_>, env: &Environment) -> Parsed {
    fields.require("splitPoints")?;
    let points = sketch::doubles(fields, "splitPoints")?;
    let cdf = move |bytes: &[u8]| Ok(sketch::numbers(S::decode(bytes)?.view().cdf(&points)));
    sketch::over(fields, env, sketch::Apply::Json(Box::new(cdf)))
}

/// The sketch described for people.
pub(super) fn description<S: QuantileSketch>(fields: &Fields<'_>, env: &Environment) -> Parsed {
    sketch::over(fields, env, sketch::Apply::Text(Box::new(|bytes| Ok(S::decode(bytes)?.describe()))))
}
