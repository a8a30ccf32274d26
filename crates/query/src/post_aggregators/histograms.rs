//! Post-aggregators over a histogram, approximate or of fixed buckets, that a field holds.

use std::sync::Arc;

use ::expression::Environment;
use aggregate::sketches::approx_histogram::{ApproxHistogram, Buckets};
use aggregate::sketches::fixed_buckets::FixedBuckets;
use serde_json::{Value, json};

use super::{PostAggregator, field_access, sketch};
use crate::fields::Fields;
use crate::{Error, Result};

type Parsed = Result<Arc<dyn PostAggregator>>;

pub(super) enum Histogram {
    Approx(ApproxHistogram),
    Fixed(FixedBuckets),
}

impl Histogram {
    /// The forms differ in their first byte.
    pub fn decode(bytes: &[u8]) -> Result<Histogram> {
        Ok(match bytes {
            [1, ..] => Histogram::Fixed(FixedBuckets::decode(bytes)?),
            _ => Histogram::Approx(ApproxHistogram::decode(bytes)?),
        })
    }

    pub fn quantile(&self, fraction: f64) -> f32 {
        match self {
            Histogram::Approx(histogram) => histogram.quantile(fraction as f32),
            Histogram::Fixed(histogram) => histogram.percentile(fraction * 100.0),
        }
    }

    pub fn min(&self) -> f32 {
        match self {
            Histogram::Approx(histogram) => histogram.min(),
            Histogram::Fixed(histogram) => histogram.min as f32,
        }
    }

    pub fn max(&self) -> f32 {
        match self {
            Histogram::Approx(histogram) => histogram.max(),
            Histogram::Fixed(histogram) => histogram.max as f32,
        }
    }
}

/// A post-aggregator over the histogram under `fieldName`.
pub(super) fn over(fields: &Fields<'_>, env: &Environment, apply: sketch::Apply) -> Parsed {
    Ok(sketch::over_field(field_access::parse(fields, env)?, apply))
}

/// One that gives a number.
pub(super) fn number(fields: &Fields<'_>, env: &Environment, of: fn(&Histogram) -> f32) -> Parsed {
    over(fields, env, sketch::Apply::Float(Box::new(move |bytes| Ok(of(&Histogram::decode(bytes)?)))))
}

/// One that gives buckets, of an approximate histogram; null without values.
pub(super) fn buckets(
    fields: &Fields<'_>,
    env: &Environment,
    of: impl Fn(&ApproxHistogram) -> Result<Buckets> + Send + Sync + 'static,
) -> Parsed {
    let shown = move |bytes: &[u8]| match Histogram::decode(bytes)? {
        Histogram::Approx(histogram) if histogram.count() == 0 => Ok(Value::Null),
        Histogram::Approx(histogram) => Ok(buckets_json(&of(&histogram)?)),
        Histogram::Fixed(_) => Err(Error::invalid("buckets are made of an approxHistogram, not of fixed buckets")),
    };
    over(fields, env, sketch::Apply::Json(Box::new(shown)))
}

fn buckets_json(buckets: &Buckets) -> Value {
    let breaks = sketch::numbers(buckets.breaks.iter().map(|&bound| f64::from(bound)));
    json!({"breaks": breaks, "counts": sketch::numbers(buckets.counts.iter().copied())})
}

/// A fraction of all values.
pub(super) fn fraction(name: &str, value: f64) -> Result<f64> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(value),
        false => Err(Error::invalid(format!("'{name}' must be from 0 to 1, got {value}"))),
    }
}
