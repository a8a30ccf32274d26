//! Text.

use std::borrow::Cow;

use dialect::utf16;
use regex::Regex;

use super::shared::{long, long_or_null, text_or_null, truth};
use super::{Call, FunctionKind, LONG, MANY, TEXT, rows, strict};
use crate::expr::node::Function;
use crate::expr::scalar::Scalar;
use crate::java_format::Format;
use crate::{Error, Result, java_regex};

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("concat", 0..=MANY, |_| rows(TEXT, concat)),
    FunctionKind::new("format", 1..=MANY, format),
    FunctionKind::new("strlen", 1..=1, |_| {
        rows(LONG, |args| Ok(long_or_null(args[0].as_text().map(|text| utf16::len(&text) as i64))))
    }),
    FunctionKind::new("substring", 3..=3, |_| strict(TEXT, substring)),
    FunctionKind::new("left", 2..=2, |_| strict(TEXT, left)),
    FunctionKind::new("right", 2..=2, |_| strict(TEXT, right)),
    FunctionKind::new("strpos", 2..=3, |_| strict(LONG, strpos)),
    FunctionKind::new("replace", 3..=3, |_| strict(TEXT, replace)),
    FunctionKind::new("lower", 1..=1, |_| text(|text| text.to_lowercase())),
    FunctionKind::new("upper", 1..=1, |_| text(|text| text.to_uppercase())),
    FunctionKind::new("reverse", 1..=1, |_| text(|text| text.chars().rev().collect())),
    FunctionKind::new("trim", 1..=2, |_| strict(TEXT, |args| trim(args, true, true))),
    FunctionKind::new("ltrim", 1..=2, |_| strict(TEXT, |args| trim(args, true, false))),
    FunctionKind::new("rtrim", 1..=2, |_| strict(TEXT, |args| trim(args, false, true))),
    FunctionKind::new("repeat", 2..=2, |_| strict(TEXT, repeat)),
    FunctionKind::new("lpad", 3..=3, |_| strict(TEXT, |args| pad(args, true))),
    FunctionKind::new("rpad", 3..=3, |_| strict(TEXT, |args| pad(args, false))),
    FunctionKind::new("parse_long", 1..=2, |_| strict(LONG, parse_long)),
    FunctionKind::new("contains_string", 2..=2, |call| contains(call, false)),
    FunctionKind::new("icontains_string", 2..=2, |call| contains(call, true)),
    FunctionKind::new("regexp_extract", 2..=3, regexp_extract),
    FunctionKind::new("regexp_like", 2..=2, regexp_like),
    FunctionKind::new("regexp_replace", 3..=3, regexp_replace),
    FunctionKind::new("lookup", 2..=3, lookup),
    FunctionKind::new("decode_base64_utf8", 1..=1, |_| {
        strict(TEXT, |args| Ok(text_or_null(args[0].as_text().and_then(|text| decode_base64(&text)))))
    }),
];

/// Longest text that one call may make.
const MAX_TEXT: usize = 1 << 26;

fn text(change: impl Fn(&str) -> String + Send + Sync + 'static) -> Result<Box<dyn Function>> {
    rows(TEXT, move |args| Ok(text_or_null(args[0].as_text().map(|text| change(&text)))))
}

/// A part of a text, borrowed when the text is.
fn part<'a>(value: &Scalar<'a>, cut: impl Fn(&str) -> &str) -> Scalar<'a> {
    match value {
        Scalar::Text(Cow::Borrowed(text)) => {
            let kept = cut(text);
            if kept.is_empty() {
                return Scalar::text("");
            }
            let start = kept.as_ptr() as usize - text.as_ptr() as usize;
            Scalar::Text(Cow::Borrowed(&text[start..start + kept.len()]))
        }
        other => text_or_null(other.as_text().map(|text| cut(&text).to_string())),
    }
}

fn concat<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    if args.is_empty() {
        return Ok(Scalar::Null);
    }
    let mut out = String::new();
    for arg in args {
        match arg.as_text() {
            Some(text) => out.push_str(&text),
            None => return Ok(Scalar::Null),
        }
    }
    Ok(Scalar::text(out))
}

fn format(call: Call<'_>) -> Result<Box<dyn Function>> {
    let fixed = match call.args[0].literal() {
        Some(pattern) => Some(pattern.as_text().map(|pattern| Format::parse(&pattern)).transpose()?),
        None => None,
    };
    strict(TEXT, move |args| match &fixed {
        Some(Some(format)) => Ok(Scalar::text(format.apply(&args[1..])?)),
        Some(None) => Ok(Scalar::Null),
        None => match args[0].as_text() {
            Some(pattern) => Ok(Scalar::text(Format::parse(&pattern)?.apply(&args[1..])?)),
            None => Ok(Scalar::Null),
        },
    })
}

/// From a place counted from 0; past the end is null, a negative length takes the rest.
fn substring<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let (index, length) = (long(args, 1).unwrap_or(0), long(args, 2).unwrap_or(0));
    let Ok(index) = usize::try_from(index) else {
        return Err(Error::evaluation("substring", "the index must not be negative"));
    };
    let num_units = args[0].as_text().map_or(0, |text| utf16::len(&text));
    if index >= num_units {
        return Ok(Scalar::Null);
    }
    let end = usize::try_from(length).map_or(num_units, |length| index.saturating_add(length));
    Ok(part(&args[0], |text| utf16::slice(text, index, end)))
}

fn count(args: &[Scalar<'_>], name: &str) -> Result<Option<usize>> {
    match long(args, 1) {
        None => Ok(None),
        Some(count) => match usize::try_from(count) {
            Ok(count) => Ok(Some(count)),
            Err(_) => Err(Error::evaluation(name, "the length must not be negative")),
        },
    }
}

fn left<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let length = count(args, "left")?;
    Ok(length.map_or(Scalar::Null, |length| part(&args[0], |text| utf16::slice(text, 0, length))))
}

fn right<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let length = count(args, "right")?;
    Ok(length.map_or(Scalar::Null, |length| {
        part(&args[0], |text| {
            let num_units = utf16::len(text);
            utf16::slice(text, num_units.saturating_sub(length), num_units)
        })
    }))
}

fn strpos<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let (Some(text), Some(needle)) = (args[0].as_text(), args[1].as_text()) else { return Ok(Scalar::Null) };
    let from = usize::try_from(long(args, 2).unwrap_or(0)).unwrap_or(0);
    Ok(Scalar::Long(utf16::find(&text, &needle, from).map_or(-1, |at| at as i64)))
}

fn replace<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let (Some(text), Some(pattern)) = (args[0].as_text(), args[1].as_text()) else { return Ok(Scalar::Null) };
    let by = args[2].as_text().unwrap_or(Cow::Borrowed(""));
    Ok(Scalar::text(text.replace(&*pattern, &by)))
}

/// Takes away characters of a set, blanks when none is given.
fn trim<'a>(args: &[Scalar<'a>], start: bool, end: bool) -> Result<Scalar<'a>> {
    let set = match args.get(1) {
        None => Cow::Borrowed(" "),
        Some(set) => match set.as_text() {
            Some(set) => set,
            None => return Ok(Scalar::Null),
        },
    };
    let in_set = |c: char| set.contains(c);
    Ok(part(&args[0], |text| {
        let text = if start { text.trim_start_matches(in_set) } else { text };
        if end { text.trim_end_matches(in_set) } else { text }
    }))
}

fn repeat<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let (Some(text), Some(times)) = (args[0].as_text(), long(args, 1)) else { return Ok(Scalar::Null) };
    match usize::try_from(times) {
        Ok(0) | Err(_) => Ok(Scalar::Null),
        Ok(times) if text.len().saturating_mul(times) > MAX_TEXT => Err(too_long("repeat")),
        Ok(times) => Ok(Scalar::text(text.repeat(times))),
    }
}

fn too_long(name: &str) -> Error {
    Error::limit(format!("{name}: makes a text of more than {MAX_TEXT} bytes"))
}

fn pad<'a>(args: &[Scalar<'a>], before: bool) -> Result<Scalar<'a>> {
    let (Some(text), Some(length), Some(fill)) = (args[0].as_text(), long(args, 1), args[2].as_text()) else {
        return Ok(Scalar::Null);
    };
    let length = match usize::try_from(length) {
        Ok(0) => return Ok(Scalar::Null),
        Ok(length) if length > MAX_TEXT => return Err(too_long("pad")),
        Ok(length) => length,
        Err(_) => return Ok(Scalar::text("")),
    };
    let missing = length.saturating_sub(utf16::len(&text));
    if missing == 0 || fill.is_empty() {
        return Ok(part(&args[0], |text| utf16::slice(text, 0, length)));
    }
    let fill: String = fill.chars().cycle().take(missing).collect();
    let fill = utf16::slice(&fill, 0, missing);
    Ok(Scalar::text(if before { format!("{fill}{text}") } else { format!("{text}{fill}") }))
}

fn parse_long<'a>(args: &[Scalar<'a>]) -> Result<Scalar<'a>> {
    let Some(text) = args[0].as_text() else { return Ok(Scalar::Null) };
    let radix = match args.get(1) {
        None => 10,
        Some(radix) => match radix.as_long().and_then(|radix| u32::try_from(radix).ok()) {
            Some(radix @ 2..=36) => radix,
            _ => return Err(Error::evaluation("parse_long", "the radix must be 2 to 36")),
        },
    };
    let digits = match radix {
        16 => text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(&text),
        _ => &text,
    };
    let signed = !digits.starts_with('+');
    Ok(long_or_null(i64::from_str_radix(digits, radix).ok().filter(|_| signed)))
}

fn contains(_call: Call<'_>, ignore_case: bool) -> Result<Box<dyn Function>> {
    rows(LONG, move |args| {
        let both = args[0].as_text().zip(args[1].as_text());
        Ok(truth(both.map(|(text, part)| match ignore_case {
            true => text.to_lowercase().contains(&part.to_lowercase()),
            false => text.contains(&*part),
        })))
    })
}

fn pattern(call: &Call<'_>) -> Result<Option<Regex>> {
    call.literal_text(1, "pattern")?.map(|pattern| java_regex::find(&pattern)).transpose()
}

fn regexp_extract(call: Call<'_>) -> Result<Box<dyn Function>> {
    let regex = pattern(&call)?;
    let index = call.literal(2, "index")?.map_or(Some(0), Scalar::as_long);
    let index = index.and_then(|index| usize::try_from(index).ok()).ok_or_else(|| call.error("bad group index"))?;
    if let Some(regex) = regex.as_ref().filter(|regex| index >= regex.captures_len()) {
        return Err(call.error(format!("the pattern has no group {index}, only {}", regex.captures_len() - 1)));
    }
    strict(TEXT, move |args| {
        let (Some(regex), Some(text)) = (&regex, args[0].as_text()) else { return Ok(Scalar::Null) };
        let found = regex.captures(&text).and_then(|groups| groups.get(index));
        Ok(text_or_null(found.map(|found| found.as_str().to_string())))
    })
}

fn regexp_like(call: Call<'_>) -> Result<Box<dyn Function>> {
    let regex = pattern(&call)?;
    rows(LONG, move |args| Ok(truth(regex.as_ref().zip(args[0].as_text()).map(|(regex, text)| regex.is_match(&text)))))
}

fn regexp_replace(call: Call<'_>) -> Result<Box<dyn Function>> {
    let fixed = match call.args[1].literal() {
        Some(_) => Some(pattern(&call)?),
        None => None,
    };
    strict(TEXT, move |args| {
        let (Some(text), Some(by)) = (args[0].as_text(), args[2].as_text()) else { return Ok(Scalar::Null) };
        let by = java_regex::replacement(&by);
        let replaced = match (&fixed, args[1].as_text()) {
            (Some(Some(regex)), _) => regex.replace_all(&text, by.as_str()).into_owned(),
            (None, Some(pattern)) => java_regex::find(&pattern)?.replace_all(&text, by.as_str()).into_owned(),
            _ => return Ok(Scalar::Null),
        };
        Ok(Scalar::text(replaced))
    })
}

fn lookup(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.literal_text(1, "name of the lookup")?.ok_or_else(|| call.error("the name must not be null"))?;
    let map = call.environment.lookup(&name)?;
    let otherwise = call.literal_text(2, "default")?;
    rows(TEXT, move |args| {
        let key = args[0].as_text();
        let found = key.as_deref().and_then(|key| map.get(key)).or(otherwise.as_deref());
        Ok(text_or_null(found.map(String::from)))
    })
}

/// Standard alphabet, padding or not.
fn decode_base64(text: &str) -> Option<String> {
    let digits = text.trim_end_matches('=');
    let (mut bytes, mut bits, mut num_bits) = (Vec::with_capacity(digits.len() * 3 / 4), 0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        num_bits += 6;
        if num_bits >= 8 {
            num_bits -= 8;
            bytes.push((bits >> num_bits) as u8);
            bits &= (1 << num_bits) - 1;
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
