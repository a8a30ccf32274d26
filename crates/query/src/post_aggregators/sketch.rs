//! Post-aggregators over a sketch: its bytes in, one value out.

use std::fmt;
use std::sync::Arc;

use ::expression::Environment;
use aggregate::{AggregatorSpec, Finalized};
use arrow_array::{Array, ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array, StringArray};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{PostAggregator, parse_nested};
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::{Error, Result};

/// A value out of the bytes of a sketch.
type OfBytes<T> = Box<dyn Fn(&[u8]) -> Result<T> + Send + Sync>;

/// What becomes of the bytes of a sketch.
pub(super) enum Apply {
    Double(OfBytes<f64>),
    Float(OfBytes<f32>),
    Long(OfBytes<i64>),
    Text(OfBytes<String>),
    Json(OfBytes<Value>),
}

struct OverSketch {
    field: Arc<dyn PostAggregator>,
    apply: Apply,
}

impl fmt::Debug for OverSketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverSketch").field("field", &self.field).finish_non_exhaustive()
    }
}

/// A post-aggregator over the sketch under `field`.
pub(super) fn over(fields: &Fields<'_>, env: &Environment, apply: Apply) -> Result<Arc<dyn PostAggregator>> {
    Ok(over_field(parse_nested(fields.require("field")?, env)?.post, apply))
}

/// A post-aggregator over a sketch.
pub(super) fn over_field(field: Arc<dyn PostAggregator>, apply: Apply) -> Arc<dyn PostAggregator> {
    Arc::new(OverSketch { field, apply })
}

/// The stored sketches of a field, a row each; the empty one where nothing was folded.
pub(super) fn sketches(field: &dyn PostAggregator, rows: &Table) -> Result<BinaryArray> {
    let none = || Error::invalid("a sketch postAggregation reads a field that holds no sketch");
    let Values::State { states, spec } = field.values(rows)? else { return Err(none()) };
    let sketches = states.as_any().downcast_ref::<BinaryArray>().ok_or_else(none)?;
    if sketches.null_count() == 0 {
        return Ok(sketches.clone());
    }
    let empty = empty_sketch(spec.as_ref())?;
    Ok(sketches.iter().map(|sketch| Some(sketch.unwrap_or(&empty))).collect())
}

/// The sketch of no values at all.
fn empty_sketch(spec: &dyn AggregatorSpec) -> Result<Vec<u8>> {
    let none: ArrayRef = Arc::new(BinaryArray::new_null(1));
    match spec.unfinalized(&none)? {
        Finalized::Text(texts) => STANDARD.decode(texts.value(0)).map_err(Error::internal),
        _ => Err(Error::internal("a sketch that is not shown in base64")),
    }
}

impl PostAggregator for OverSketch {
    fn columns(&self) -> Vec<String> {
        self.field.columns()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let sketches = sketches(self.field.as_ref(), rows)?;
        let rows = sketches.iter();
        Ok(match &self.apply {
            Apply::Double(apply) => {
                Values::Double(rows.map(|s| s.map(apply).transpose()).collect::<Result<Float64Array>>()?)
            }
            Apply::Float(apply) => {
                Values::Float(rows.map(|s| s.map(apply).transpose()).collect::<Result<Float32Array>>()?)
            }
            Apply::Long(apply) => Values::Long(rows.map(|s| s.map(apply).transpose()).collect::<Result<Int64Array>>()?),
            Apply::Text(apply) => {
                Values::Text(rows.map(|s| s.map(apply).transpose()).collect::<Result<StringArray>>()?)
            }
            Apply::Json(apply) => Values::Json(rows.map(|s| s.map_or(Ok(Value::Null), apply)).collect::<Result<_>>()?),
        })
    }
}

/// A double in a list or object; what JSON has no number for is text.
pub(super) fn number(value: f64) -> Value {
    if value.is_finite() { Value::from(value) } else { Value::from(dialect::print::double_text(value)) }
}

/// As `number`, of a float.
pub(super) fn float(value: f64) -> Value {
    let text = dialect::print::float_text(value as f32);
    text.parse().ok().filter(|value: &f64| value.is_finite()).map_or(Value::from(text), Value::from)
}

pub(super) fn numbers(values: impl IntoIterator<Item = f64>) -> Value {
    values.into_iter().map(number).collect()
}

pub(super) fn double(fields: &Fields<'_>, name: &str) -> Result<f64> {
    read_double(fields, name, fields.require(name)?)
}

pub(super) fn doubles(fields: &Fields<'_>, name: &str) -> Result<Vec<f64>> {
    fields.list(name)?.iter().map(|value| read_double(fields, name, value)).collect()
}

fn read_double(fields: &Fields<'_>, name: &str, value: &Value) -> Result<f64> {
    let read = match value {
        Value::String(text) => dialect::read::double(text),
        other => other.as_f64(),
    };
    read.ok_or_else(|| fields.wrong(name, "a number", value))
}

/// `numStdDev` and such: from 1 to 3.
pub(super) fn deviations(fields: &Fields<'_>, name: &str) -> Result<Option<u8>> {
    match fields.int(name)? {
        None => Ok(None),
        Some(n @ 1..=3) => Ok(u8::try_from(n).ok()),
        Some(n) => Err(Error::invalid(format!("'{name}' must be 1, 2 or 3, got {n}"))),
    }
}
