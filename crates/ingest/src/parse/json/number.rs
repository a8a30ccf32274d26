//! Numbers as JSON writes them.

/// Characters a number may have.
const MAX_LENGTH: usize = 1000;

/// A number as its text says: whole and within a long, or a double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Long(i64),
    Double(f64),
}

const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The number that the text begins with, and its length. `None` when there is none, or none that is
/// finite and of decent length.
#[inline]
pub(crate) fn parse(text: &[u8]) -> Option<(Number, usize)> {
    let negative = text.first() == Some(&b'-');
    let start = usize::from(negative);
    let mut at = start;
    let mut mantissa: u64 = 0;
    while let Some(digit) = digit(text, at) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    let whole = at - start;
    if whole == 0 || (whole > 1 && text[start] == b'0') {
        return None;
    }
    match text.get(at) {
        Some(b'.' | b'e' | b'E') => {}
        _ if whole <= 18 => {
            let value = mantissa as i64;
            return Some((Number::Long(if negative { -value } else { value }), at));
        }
        _ => return long_text(&text[..at]).map(|number| (number, at)),
    }
    fraction(text, negative, mantissa, whole, at)
}

#[inline]
fn digit(text: &[u8], at: usize) -> Option<u64> {
    let value = text.get(at)?.wrapping_sub(b'0');
    (value < 10).then_some(u64::from(value))
}

#[inline]
fn fraction(text: &[u8], negative: bool, mut mantissa: u64, whole: usize, mut at: usize) -> Option<(Number, usize)> {
    let mut decimals = 0;
    if text[at] == b'.' {
        at += 1;
        while let Some(digit) = digit(text, at) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
            at += 1;
            decimals += 1;
        }
        if decimals == 0 {
            return None;
        }
    }
    let plain = !matches!(text.get(at), Some(b'e' | b'E'));
    if plain && whole + decimals <= 18 && decimals <= 22 && mantissa <= 1 << 53 {
        let value = mantissa as f64 / TENS[decimals];
        return Some((Number::Double(if negative { -value } else { value }), at));
    }
    if !plain {
        at = exponent(text, at + 1)?;
    }
    double_text(&text[..at]).map(|number| (number, at))
}

fn exponent(text: &[u8], mut at: usize) -> Option<usize> {
    if matches!(text.get(at), Some(b'+' | b'-')) {
        at += 1;
    }
    let start = at;
    while digit(text, at).is_some() {
        at += 1;
    }
    (at > start).then_some(at)
}

#[cold]
fn long_text(text: &[u8]) -> Option<Number> {
    match std::str::from_utf8(text).ok()?.parse() {
        Ok(value) => Some(Number::Long(value)),
        Err(_) => double_text(text),
    }
}

fn double_text(text: &[u8]) -> Option<Number> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    value.is_finite().then_some(Number::Double(value))
}
