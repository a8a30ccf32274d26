//! `tsv` and `delimited`: values between tabs or another character, without quotes.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::{InputFormat, Kind, Reader};
use crate::Result;
use crate::parse::separated::Separated;
use crate::spec::fields::Fields;

pub(super) static KIND: Kind = Kind { tag: "delimited", parse: |fields| parse(fields, "delimited") };
pub(super) static TSV: Kind = Kind { tag: "tsv", parse: |fields| parse(fields, "tsv") };

#[derive(Debug)]
struct Delimited(Separated);

fn parse(fields: &Fields<'_>, tag: &'static str) -> Result<Arc<dyn InputFormat>> {
    let delimiter = match fields.text("delimiter")? {
        None => '\t',
        Some(text) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(delimiter), None) => delimiter,
                _ => return Err(fields.wrong("delimiter", "must be one character")),
            }
        }
    };
    if fields.text("listDelimiter")?.is_some_and(|list| list == delimiter.to_string()) {
        return Err(fields.wrong("listDelimiter", "must differ from the delimiter"));
    }
    Ok(Arc::new(Delimited(Separated::parse(fields, tag, delimiter, split)?)))
}

impl InputFormat for Delimited {
    fn to_json(&self) -> Value {
        let mut out = self.0.to_json();
        out.insert("delimiter".to_owned(), Value::from(self.0.delimiter.to_string()));
        Value::Object(out)
    }

    fn reader(&self, stream: bool) -> Box<dyn Reader> {
        self.0.reader(stream)
    }
}

fn split(line: &str, delimiter: char) -> Option<Vec<Option<Cow<'_, str>>>> {
    Some(line.split(delimiter).map(|value| (!value.is_empty()).then_some(Cow::Borrowed(value))).collect())
}
