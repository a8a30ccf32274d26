//! `csv`: values between commas, quoted where they hold one.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{InputFormat, Kind, Reader};
use crate::Result;
use crate::parse::separated::Separated;
use crate::spec::fields::Fields;

pub(super) static KIND: Kind = Kind { tag: "csv", parse };

#[derive(Debug)]
struct Csv(Separated);

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputFormat>> {
    Ok(Arc::new(Csv(Separated::parse(fields, "csv", ',', split)?)))
}

impl InputFormat for Csv {
    fn to_json(&self) -> Value {
        Value::Object(self.0.to_json())
    }

    fn reader(&self, stream: bool) -> Box<dyn Reader> {
        self.0.reader(stream)
    }
}

/// Splits a line; a quote inside a quoted value is written twice.
fn split(line: &str, delimiter: char) -> Option<Vec<Option<Cow<'_, str>>>> {
    let mut values = Vec::new();
    let mut rest = line;
    loop {
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted, delimiter)?,
            None => {
                let end = rest.find(delimiter).unwrap_or(rest.len());
                let value = (end > 0).then(|| Cow::Borrowed(&rest[..end]));
                (value, &rest[end..])
            }
        };
        values.push(value);
        match after.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None => return Some(values),
        }
    }
}

type Part<'a> = (Option<Cow<'a, str>>, &'a str);

/// A value after its opening quote, and what follows; text between the closing quote and the next
/// delimiter belongs to the value.
fn quoted_value(text: &str, delimiter: char) -> Option<Part<'_>> {
    let end = text.find('"')?;
    let after = &text[end + 1..];
    if after.is_empty() || after.starts_with(delimiter) {
        return Some((Some(Cow::Borrowed(&text[..end])), after));
    }
    let mut value = String::new();
    let mut rest = text;
    loop {
        let end = rest.find('"')?;
        value.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(next) => {
                value.push('"');
                rest = next;
            }
            None => break,
        }
    }
    let end = rest.find(delimiter).unwrap_or(rest.len());
    value.push_str(&rest[..end]);
    Some((Some(Cow::Owned(value)), &rest[end..]))
}
