//! Values as text: numbers as Java writes them, and JSON scalars. Everything appends to a byte
//! buffer that the caller owns and reuses.

mod digits;

use digits::Digits;

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
/// below 1.0E-3, `NaN`, `Infinity` and `-Infinity` bare. The digits are those of Java up to 18.
pub fn double(out: &mut Vec<u8>, value: f64) {
    if let Some(text) = special(value) {
        out.extend_from_slice(text.as_bytes());
    } else if value.trunc() == value && value.abs() < 1e7 && !(value == 0.0 && value.is_sign_negative()) {
        long(out, value as i64);
        out.extend_from_slice(b".0");
    } else {
        signed(out, value.is_sign_negative());
        match value == 0.0 {
            true => out.extend_from_slice(b"0.0"),
            false => java_form(out, &Digits::of_double(value.abs())),
        }
    }
}

/// Java's `Float.toString`: as [`double`], with the digits that a float needs.
pub fn float(out: &mut Vec<u8>, value: f32) {
    if let Some(text) = special(f64::from(value)) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    signed(out, value.is_sign_negative());
    match value == 0.0 {
        true => out.extend_from_slice(b"0.0"),
        false => java_form(out, &Digits::of_float(value.abs())),
    }
}

fn signed(out: &mut Vec<u8>, is_negative: bool) {
    if is_negative {
        out.push(b'-');
    }
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

/// Java's form of digits: plain from 1.0E-3 below 1.0E7.
fn java_form(out: &mut Vec<u8>, digits: &Digits) {
    let (bytes, point) = (digits.as_bytes(), digits.point);
    match usize::try_from(point) {
        Ok(whole @ 1..=7) => {
            (0..whole).for_each(|at| out.push(bytes.get(at).copied().unwrap_or(b'0')));
            out.push(b'.');
            out.extend_from_slice(bytes.get(whole..).filter(|fraction| !fraction.is_empty()).unwrap_or(b"0"));
        }
        _ if (-2..=0).contains(&point) => {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', point.unsigned_abs() as usize));
            out.extend_from_slice(bytes);
        }
        _ => {
            let (first, rest) = bytes.split_at(1.min(bytes.len()));
            out.extend_from_slice(first);
            out.push(b'.');
            out.extend_from_slice(if rest.is_empty() { b"0" } else { rest });
            out.push(b'E');
            long(out, i64::from(point - 1));
        }
    }
}

#[cfg(test)]
mod tests;
