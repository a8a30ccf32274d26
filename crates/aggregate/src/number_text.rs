//! Texts as numbers, in the lenient way of a text column read as a number.

/// A long: an integer, or the truncation of a decimal number.
pub(crate) fn long(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| double(text).map(|value| value as i64))
}

/// A double. Java's spellings of the values that are not finite are accepted.
pub(crate) fn double(text: &str) -> Option<f64> {
    let text = text.trim();
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" | "+Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if text.ends_with(|last: char| last.is_ascii_digit() || last == '.') => text.parse().ok(),
        _ => None,
    }
}
