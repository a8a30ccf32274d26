//! Values of any JSON type as texts, so that dictionaries of texts hold them.
//!
//! The *key* of a value says its type and sorts, by UTF-16 code units, as the values do: among longs by number, among
//! texts as texts, among arrays element by element with nulls first and the shorter first. Null has no key.

mod json;

use std::borrow::Cow;

pub use json::{canonical, of_json, print, print_value, to_json, write_tree};

/// First character of a key.
const TEXT: char = 'S';
const LONG: char = 'L';
const DOUBLE: char = 'N';
const ARRAY: char = 'X';
const JSON: char = 'Y';

/// What stands before an element of an array that is null, and before one that is not.
const NULL: char = '\u{1}';
const SOME: char = '\u{2}';
/// Ends an element. Inside a text it is followed by `ESCAPED`, which no element begins with.
const END: char = '\0';
const ESCAPED: char = '\u{3}';

/// Digits in the order of their characters.
const DIGITS: &[u8; 64] = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const NUM_DIGITS: usize = 11;
const SIGN: u64 = 1 << 63;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Long(i64),
    Double(f64),
    Text(Cow<'a, str>),
    /// Of nulls, longs, doubles and texts.
    Array(Vec<Value<'a>>),
    /// A boolean, an object, or an array that holds one or another array: compact JSON.
    Json(Cow<'a, str>),
}

impl Value<'_> {
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Long(value) => Value::Long(value),
            Value::Double(value) => Value::Double(value),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::Array(items) => Value::Array(items.into_iter().map(Value::into_owned).collect()),
            Value::Json(text) => Value::Json(Cow::Owned(text.into_owned())),
        }
    }
}

/// The key of a value; `None` of null.
pub fn key(value: &Value<'_>) -> Option<String> {
    let mut key = String::new();
    write_key(value, &mut key).then_some(key)
}

/// Appends the key of a value; answers false, and appends nothing, for null.
pub fn write_key(value: &Value<'_>, out: &mut String) -> bool {
    match value {
        Value::Null => return false,
        Value::Long(value) => write_digits(LONG, *value as u64 ^ SIGN, out),
        Value::Double(value) => write_digits(DOUBLE, ascending(*value), out),
        Value::Text(text) => {
            out.push(TEXT);
            out.push_str(text);
        }
        Value::Array(items) => {
            out.push(ARRAY);
            items.iter().for_each(|item| write_element(item, out));
        }
        Value::Json(text) => {
            out.push(JSON);
            out.push_str(text);
        }
    }
    true
}

fn write_element(item: &Value<'_>, out: &mut String) {
    match item {
        Value::Null => return out.push(NULL),
        Value::Text(text) | Value::Json(text) if text.contains(END) => {
            out.push(SOME);
            out.push(TEXT);
            text.chars().for_each(|c| {
                out.push(c);
                if c == END {
                    out.push(ESCAPED);
                }
            });
        }
        item => {
            out.push(SOME);
            write_key(item, out);
        }
    }
    out.push(END);
}

fn write_digits(tag: char, bits: u64, out: &mut String) {
    out.push(tag);
    for place in (0..NUM_DIGITS).rev() {
        out.push(char::from(DIGITS[(bits >> (6 * place) & 63) as usize]));
    }
}

/// Bits that sort as the doubles do, NaN last and one.
fn ascending(value: f64) -> u64 {
    let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn descended(bits: u64) -> f64 {
    f64::from_bits(if bits & SIGN == 0 { !bits } else { bits ^ SIGN })
}

/// The value of a key, null of `None`. `None` when the text is no key.
pub fn of_key(key: Option<&str>) -> Option<Value<'_>> {
    let Some(key) = key else { return Some(Value::Null) };
    let tag = key.chars().next()?;
    let rest = &key[tag.len_utf8()..];
    Some(match tag {
        LONG => Value::Long((digits(rest)? ^ SIGN) as i64),
        DOUBLE => Value::Double(descended(digits(rest)?)),
        TEXT => Value::Text(Cow::Borrowed(rest)),
        JSON => Value::Json(Cow::Borrowed(rest)),
        ARRAY => Value::Array(elements(rest)?),
        _ => return None,
    })
}

fn digits(text: &str) -> Option<u64> {
    let digits = text.as_bytes();
    if digits.len() != NUM_DIGITS || digits[0] > DIGITS[15] {
        return None;
    }
    digits.iter().try_fold(0, |bits, digit| Some(bits << 6 | DIGITS.binary_search(digit).ok()? as u64))
}

fn elements(mut rest: &str) -> Option<Vec<Value<'_>>> {
    let mut items = Vec::new();
    while let Some(first) = rest.chars().next() {
        rest = &rest[1..];
        match first {
            NULL => items.push(Value::Null),
            SOME => {
                let (item, after) = element(rest)?;
                items.push(item);
                rest = after;
            }
            _ => return None,
        }
    }
    Some(items)
}

/// The element that a text begins with, and what follows it.
fn element(rest: &str) -> Option<(Value<'_>, &str)> {
    let mut from = 0;
    let mut is_escaped = false;
    loop {
        let end = from + rest.get(from..)?.find(END)?;
        let after = &rest[end + 1..];
        if !after.starts_with(ESCAPED) {
            let item = match is_escaped {
                false => of_key(Some(&rest[..end]))?,
                true => Value::Text(Cow::Owned(rest[1..end].replace("\0\u{3}", "\0"))),
            };
            let is_scalar = matches!(item, Value::Long(_) | Value::Double(_) | Value::Text(_));
            return is_scalar.then_some((item, after));
        }
        is_escaped = true;
        from = end + 2;
    }
}

#[cfg(test)]
mod tests;
