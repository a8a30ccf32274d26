//! Comparing aggregates with numbers, exactly: never by way of a rounded double.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::fields::Fields;
use crate::finalize::Values;
use crate::{Error, Result};

/// A number, perhaps written as text.
pub(super) fn parse(fields: &Fields<'_>, name: &str) -> Result<Number> {
    match fields.require(name)? {
        Value::Number(n) => Ok(n.clone()),
        Value::String(s) => s.trim().parse().map_err(|_| fields.wrong(name, "a number", &Value::String(s.clone()))),
        other => Err(fields.wrong(name, "a number", other)),
    }
}

/// `None` when the value is null.
pub(super) fn compare(values: &Values, row: usize, with: &Number) -> Result<Option<Ordering>> {
    if values.is_null(row) {
        return Ok(None);
    }
    let double = |value: f64| match with.as_i64() {
        Some(long) => long_double(long, value).reverse(),
        None => total(value, with.as_f64().unwrap_or(f64::NAN)),
    };
    Ok(Some(match values {
        Values::Long(a) => match with.as_i64() {
            Some(long) => a.value(row).cmp(&long),
            None => long_double(a.value(row), with.as_f64().unwrap_or(f64::NAN)),
        },
        other => match other.double(row) {
            Some(value) => double(value),
            None => {
                let text = other.text(row).unwrap_or_default();
                return Err(Error::invalid(format!("having compares a number with '{text}', which is none")));
            }
        },
    }))
}

fn total(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// Exact: the double is split into its whole part and the rest.
fn long_double(long: i64, double: f64) -> Ordering {
    if double.is_nan() || double >= 9_223_372_036_854_775_808.0 {
        return Ordering::Less;
    }
    if double < -9_223_372_036_854_775_808.0 {
        return Ordering::Greater;
    }
    let whole = double.trunc();
    long.cmp(&(whole as i64)).then_with(|| total(0.0, double - whole))
}
