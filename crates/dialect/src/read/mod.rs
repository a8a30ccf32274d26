//! Text as numbers and booleans, with the leniency that Druid has and no more. `None` means that
//! the text is not such a value.

pub mod lenient;

use crate::Decimal;

/// An exact integer: digits with an optional sign, or any decimal text without a fraction part
/// (`1.0`, `12e2`). Also the rule for a filter literal against a long column.
pub fn long(text: &str) -> Option<i64> {
    match text.parse::<i64>() {
        Ok(value) => Some(value),
        Err(_) => Decimal::parse(text)?.to_i64(),
    }
}

/// A double as Java reads it: decimal text with optional exponent and type suffix (`d`, `f`), `NaN`,
/// `Infinity`. No surrounding blanks. Also the rule for a filter literal against a double column.
pub fn double(text: &str) -> Option<f64> {
    floating(text, f64::NAN, f64::INFINITY)
}

/// A float, rounded once from the text. Otherwise as [`double`].
pub fn float(text: &str) -> Option<f32> {
    floating(text, f32::NAN, f32::INFINITY)
}

/// `true` in any case is true, `false` in any case is false.
pub fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A number as a metric input may give it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Long(i64),
    Double(f64),
}

impl Number {
    /// Java's cast: doubles are cut towards zero and clipped to the range of a long, NaN is 0.
    pub fn to_long(self) -> i64 {
        match self {
            Number::Long(value) => value,
            Number::Double(value) => value as i64,
        }
    }

    pub fn to_double(self) -> f64 {
        match self {
            Number::Long(value) => value as f64,
            Number::Double(value) => value,
        }
    }

    pub fn to_float(self) -> f32 {
        match self {
            Number::Long(value) => value as f32,
            Number::Double(value) => value as f32,
        }
    }
}

/// The text of a metric input: trimmed, thousands commas and a leading `+` dropped.
pub fn metric(text: &str) -> Option<Number> {
    let text = text.trim();
    if text.contains(',') {
        return metric_digits(&text.replace(',', ""));
    }
    metric_digits(text)
}

fn metric_digits(text: &str) -> Option<Number> {
    if let Ok(value) = text.parse::<i64>() {
        return Some(Number::Long(value));
    }
    double(text).map(Number::Double)
}

fn floating<F>(text: &str, nan: F, infinity: F) -> Option<F>
where
    F: std::str::FromStr + std::ops::Neg<Output = F>,
{
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let negative = text.starts_with('-');
    match unsigned {
        "NaN" => return Some(nan),
        "Infinity" => return Some(if negative { -infinity } else { infinity }),
        _ => {}
    }
    // The standard parser also takes words such as `inf`, which Java refuses.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests;
