//! Values as text: numbers as Java writes them, and JSON scalars. Everything appends to a byte
//! buffer that the caller owns and reuses.

use std::io::Write;

/// Longest text of a number: sign, 17 digits, point, exponent, with room to spare.
const NUMBER_BYTES: usize = 64;

/// Decimal text of a long.
pub fn long(out: &mut Vec<u8>, value: i64) {
    let mut buffer = [0u8; 20];
    let mut at = buffer.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&buffer[at..]);
}

/// Java's `Double.toString`: at least one digit after the point, exponent form from 1.0E7 up and
/// below 1.0E-3, `NaN`, `Infinity` and `-Infinity` bare.
pub fn double(out: &mut Vec<u8>, value: f64) {
    if let Some(text) = special(value) {
        out.extend_from_slice(text.as_bytes());
    } else if value.trunc() == value && value.abs() < 1e7 && !(value == 0.0 && value.is_sign_negative()) {
        long(out, value as i64);
        out.extend_from_slice(b".0");
    } else {
        let mut scratch = Scratch::new();
        let text = shortest(
            &mut scratch,
            |s| s.write_fmt(format_args!("{value:e}")),
            |s| s.write_fmt(format_args!("{value:.1e}")),
            |text| text.parse() == Ok(value),
        );
        java_form(out, text);
    }
}

/// Java's `Float.toString`: as [`double`], with the digits that a float needs.
pub fn float(out: &mut Vec<u8>, value: f32) {
    if let Some(text) = special(f64::from(value)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let mut scratch = Scratch::new();
    let text = shortest(
        &mut scratch,
        |s| s.write_fmt(format_args!("{value:e}")),
        |s| s.write_fmt(format_args!("{value:.1e}")),
        |text| text.parse() == Ok(value),
    );
    java_form(out, text);
}

/// A double in JSON: as [`double`], non-finite values as quoted strings.
pub fn json_double(out: &mut Vec<u8>, value: f64) {
    quoted_unless(value.is_finite(), out, |out| double(out, value));
}

/// A float in JSON: as [`float`], non-finite values as quoted strings.
pub fn json_float(out: &mut Vec<u8>, value: f32) {
    quoted_unless(value.is_finite(), out, |out| float(out, value));
}

/// A JSON string with its quotes. Escapes only what JSON demands, with upper-case hex.
pub fn json_string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut done = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[done..at]);
        done = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0C => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[done..]);
    out.push(b'"');
}

/// [`double`] as a new string.
pub fn double_text(value: f64) -> String {
    text_of(|out| double(out, value))
}

/// [`float`] as a new string.
pub fn float_text(value: f32) -> String {
    text_of(|out| float(out, value))
}

fn text_of(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::with_capacity(24);
    write(&mut out);
    String::from_utf8(out).unwrap_or_default()
}

fn quoted_unless(bare: bool, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    if bare {
        write(out);
    } else {
        out.push(b'"');
        write(out);
        out.push(b'"');
    }
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("Infinity")
    } else if value == f64::NEG_INFINITY {
        Some("-Infinity")
    } else {
        None
    }
}

/// A small stack buffer to format into.
struct Scratch {
    bytes: [u8; NUMBER_BYTES],
    len: usize,
}

impl Scratch {
    fn new() -> Scratch {
        Scratch { bytes: [0; NUMBER_BYTES], len: 0 }
    }

    fn clear(&mut self) {
        self.len = 0;
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl Write for Scratch {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let n = (&mut self.bytes[self.len..]).write(bytes)?;
        self.len += n;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The shortest digits that read back as the same number, in `d.ddde-x` form. Java never writes
/// fewer than two digits, and with one digit to spare it takes the two that are nearest, so
/// `4.9E-324` rather than `5.0E-324`.
fn shortest(
    scratch: &mut Scratch,
    fewest: impl FnOnce(&mut Scratch) -> std::io::Result<()>,
    two: impl FnOnce(&mut Scratch) -> std::io::Result<()>,
    reads_back: impl FnOnce(&str) -> bool,
) -> &str {
    let fits = fewest(scratch).is_ok();
    debug_assert!(fits, "a number outgrew its buffer");
    if scratch.as_str().contains('.') {
        return scratch.as_str();
    }
    let mut nearer = Scratch::new();
    if two(&mut nearer).is_ok() && reads_back(nearer.as_str()) {
        scratch.clear();
        scratch.bytes = nearer.bytes;
        scratch.len = nearer.len;
    }
    scratch.as_str()
}

/// Rewrites `d.ddde-x` in Java's form.
fn java_form(out: &mut Vec<u8>, text: &str) {
    let (text, negative) = match text.strip_prefix('-') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    if negative {
        out.push(b'-');
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let rest = rest.trim_end_matches('0').as_bytes();
    if first == "0" || (-3..7).contains(&exponent) {
        plain(out, first.as_bytes(), rest, exponent);
        return;
    }
    out.extend_from_slice(first.as_bytes());
    out.push(b'.');
    out.extend_from_slice(if rest.is_empty() { b"0" } else { rest });
    out.push(b'E');
    long(out, i64::from(exponent));
}

/// Digits without an exponent, `-3 <= exponent < 7`.
fn plain(out: &mut Vec<u8>, first: &[u8], rest: &[u8], exponent: i32) {
    let Ok(shift) = usize::try_from(exponent) else {
        out.extend_from_slice(b"0.");
        for _ in 1..exponent.unsigned_abs() {
            out.push(b'0');
        }
        out.extend_from_slice(first);
        out.extend_from_slice(rest);
        return;
    };
    out.extend_from_slice(first);
    for at in 0..shift {
        out.push(rest.get(at).copied().unwrap_or(b'0'));
    }
    out.push(b'.');
    match rest.get(shift..) {
        Some(fraction) if !fraction.is_empty() => out.extend_from_slice(fraction),
        _ => out.push(b'0'),
    }
}

#[cfg(test)]
mod tests;
