//! Comparing aggregates with numbers, exactly: never by way of a rounded double.

use std::cmp::Ordering;

use arrow_array::Array;
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

/// Which values compare so with a number; nulls never do.
pub(super) fn which(values: &Values, with: &Number, wanted: Ordering) -> Result<Vec<bool>> {
    /// Longs that are the same as doubles.
    const MAX_EXACT: u64 = 1 << 53;
    let (mut found, nulls): (Vec<bool>, _) = match (values, with.as_i64()) {
        (Values::Long(longs), Some(with)) => (each(longs.values(), with, wanted, |a, b| a < b), longs.nulls()),
        (Values::Double(doubles), long) if long.is_none_or(|long| long.unsigned_abs() <= MAX_EXACT) => {
            let with = long.map_or(with.as_f64().unwrap_or(f64::NAN), |long| long as f64);
            (each(doubles.values(), with, wanted, |a, b| a < b || (b.is_nan() && !a.is_nan())), doubles.nulls())
        }
        _ => return (0..values.len()).map(|row| Ok(compare(values, row, with)? == Some(wanted))).collect(),
    };
    if let Some(nulls) = nulls {
        found.iter_mut().zip(nulls).for_each(|(found, is_valid)| *found &= is_valid);
    }
    Ok(found)
}

/// As `which`, of values one of two of which is less, unless they are equal.
fn each<T: Copy>(values: &[T], with: T, wanted: Ordering, less: impl Fn(T, T) -> bool) -> Vec<bool> {
    match wanted {
        Ordering::Less => values.iter().map(|value| less(*value, with)).collect(),
        Ordering::Equal => values.iter().map(|value| !less(*value, with) && !less(with, *value)).collect(),
        Ordering::Greater => values.iter().map(|value| less(with, *value)).collect(),
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

#[cfg(test)]
mod tests {
    use arrow_array::{Float64Array, Int64Array};

    use super::*;

    #[test]
    fn many_compare_as_one_by_one() {
        let doubles = [f64::NAN, f64::INFINITY, -0.0, 0.0, 5.0, 5.5, -7.25, 9_007_199_254_740_993.0];
        let longs = [i64::MIN, -8, -7, 0, 5, 6, i64::MAX];
        let columns = [
            Values::Double(doubles.iter().map(|double| Some(*double)).chain([None]).collect::<Float64Array>()),
            Values::Double(Float64Array::from(doubles.to_vec())),
            Values::Long(longs.iter().map(|long| Some(*long)).chain([None]).collect::<Int64Array>()),
            Values::Long(Int64Array::from(longs.to_vec())),
        ];
        for with in ["0", "-7", "5", "5.5", "-7.25", "9007199254740992", "9007199254740993", "9223372036854775807"] {
            let with: Number = with.parse().unwrap();
            for values in &columns {
                for wanted in [Ordering::Less, Ordering::Equal, Ordering::Greater] {
                    let one = |row| compare(values, row, &with).unwrap() == Some(wanted);
                    let expected: Vec<bool> = (0..values.len()).map(one).collect();
                    assert_eq!(which(values, &with, wanted).unwrap(), expected, "{with} {wanted:?}");
                }
            }
        }
    }
}
