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
    let (mantissa, at) = digits(text, start, 0);
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

/// The number behind `mantissa` when the digits at `at` are appended, wrapping, and where they end.
#[inline(always)]
fn digits(text: &[u8], mut at: usize, mut mantissa: u64) -> (u64, usize) {
    while let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let digits = u64::from_le_bytes(*bytes) ^ 0x3030_3030_3030_3030;
        let others = (digits & 0x7f7f_7f7f_7f7f_7f7f).wrapping_add(0x7676_7676_7676_7676) | digits;
        let number = (others & 0x8080_8080_8080_8080).trailing_zeros() as usize / 8;
        if number == 0 {
            return (mantissa, at);
        }
        mantissa = mantissa.wrapping_mul(WHOLE_TENS[number]).wrapping_add(eight(digits << (64 - 8 * number)));
        at += number;
        if number < 8 {
            return (mantissa, at);
        }
    }
    while let Some(digit) = digit(text, at) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    (mantissa, at)
}

const WHOLE_TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The number of eight digits, the first in the lowest byte.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff
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
        let start = at + 1;
        (mantissa, at) = digits(text, start, mantissa);
        decimals = at - start;
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
