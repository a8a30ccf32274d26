//! What formats of separated values have in common: columns, headers, lists inside a value.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::cell::Cell;
use super::formats::{Reader, Row, Rows, lines};
use super::json::number::{self, Number};
use super::raw::{RawBatch, RawRecord};
use super::reject::Reason;
use crate::Result;
use crate::spec::fields::Fields;

/// Splits a line into values; `None` when it is broken. An empty unquoted value is null.
pub(crate) type Split = for<'a> fn(&'a str, char) -> Option<Vec<Option<Cow<'a, str>>>>;

/// Properties of a format of separated values.
#[derive(Debug, Clone)]
pub(crate) struct Separated {
    pub(crate) tag: &'static str,
    pub(crate) delimiter: char,
    pub(crate) split: Split,
    columns: Option<Arc<[String]>>,
    list_delimiter: Option<String>,
    from_header: Option<bool>,
    skip_header_rows: i64,
    parse_numbers: Option<bool>,
}

impl Separated {
    pub(crate) fn parse(fields: &Fields<'_>, tag: &'static str, delimiter: char, split: Split) -> Result<Separated> {
        let columns = fields.texts("columns")?;
        let flag = |name: &str| fields.get(name).map(|_| fields.boolean(name, false)).transpose();
        let from_header = match flag("findColumnsFromHeader")? {
            Some(set) => Some(set),
            None => flag("hasHeaderRow")?,
        };
        if columns.as_ref().is_none_or(Vec::is_empty) && from_header != Some(true) {
            return Err(fields.wrong("columns", "is required, or findColumnsFromHeader must be true"));
        }
        if let Some(columns) = &columns {
            let mut seen = hashbrown::HashSet::new();
            if let Some(twice) = columns.iter().find(|name| !seen.insert(name.as_str())) {
                return Err(fields.wrong("columns", format!("column [{twice}] stands twice")));
            }
        }
        Ok(Separated {
            tag,
            delimiter,
            split,
            columns: columns.filter(|columns| !columns.is_empty()).map(Arc::from),
            list_delimiter: fields.text("listDelimiter")?.filter(|text| !text.is_empty()),
            from_header,
            skip_header_rows: fields.long_within("skipHeaderRows", 0, 0, i64::from(u32::MAX))?,
            parse_numbers: flag("tryParseNumbers")?,
        })
    }

    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("type".into(), self.tag.into());
        out.insert("columns".into(), self.columns.as_deref().unwrap_or_default().into());
        out.insert("listDelimiter".into(), self.list_delimiter.clone().map_or(Value::Null, Value::from));
        out.insert("findColumnsFromHeader".into(), self.from_header.unwrap_or(false).into());
        out.insert("skipHeaderRows".into(), self.skip_header_rows.into());
        if let Some(set) = self.parse_numbers {
            out.insert("tryParseNumbers".into(), set.into());
        }
        out
    }

    pub(crate) fn reader(&self, stream: bool) -> Box<dyn Reader> {
        let mut reader =
            SeparatedReader { format: self.clone(), columns: None, to_skip: 0, needs_header: false, by_line: stream };
        reader.begin_file();
        Box::new(reader)
    }

    fn cell<'a>(&self, value: Option<Cow<'a, str>>) -> Cell<'a> {
        let Some(text) = value else { return Cell::Null };
        let delimiter = self.list_delimiter.as_deref().unwrap_or("\u{1}");
        if !text.contains(delimiter) {
            return self.scalar(text);
        }
        let part = |part: &str| match part {
            "" => Cell::Null,
            part => self.scalar(Cow::Owned(part.to_owned())),
        };
        Cell::List(text.split(delimiter).map(part).collect())
    }

    fn scalar<'a>(&self, text: Cow<'a, str>) -> Cell<'a> {
        if self.parse_numbers == Some(true) {
            let unsigned = text.strip_prefix('+').unwrap_or(&text);
            match number::parse(unsigned.as_bytes()) {
                Some((Number::Long(value), len)) if len == unsigned.len() => return Cell::Long(value),
                Some((Number::Double(value), len)) if len == unsigned.len() => return Cell::Double(value),
                _ => {}
            }
        }
        Cell::Text(text)
    }
}

#[derive(Debug)]
struct SeparatedReader {
    format: Separated,
    columns: Option<Arc<[String]>>,
    to_skip: i64,
    needs_header: bool,
    by_line: bool,
}

impl SeparatedReader {
    fn line<'a>(&mut self, line: &'a [u8], found: &mut Rows<'a>) {
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return;
        }
        let Ok(text) = std::str::from_utf8(line) else {
            found.failure = Some((Reason::Malformed, "not UTF-8".to_owned()));
            return;
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Some(values) = (self.format.split)(text, self.format.delimiter) else {
            found.failure = Some((Reason::Malformed, "a quote is not closed".to_owned()));
            return;
        };
        if self.needs_header {
            self.needs_header = false;
            let name = |(at, value): (usize, &Option<Cow<'_, str>>)| match value {
                Some(name) => name.to_string(),
                None => format!("column_{}", at + 1),
            };
            self.columns = Some(values.iter().enumerate().map(name).collect());
            return;
        }
        found.rows.push(self.row(values));
    }

    fn row<'a>(&self, values: Vec<Option<Cow<'a, str>>>) -> Row<'a> {
        let columns: &[String] = self.columns.as_deref().unwrap_or_default();
        let mut values = values.into_iter();
        let name = |name: &String| (Cow::Owned(name.clone()), self.format.cell(values.next().flatten()));
        columns.iter().map(name).collect()
    }
}

impl Reader for SeparatedReader {
    fn rows<'a>(&mut self, _: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        let value = record.value.unwrap_or_default();
        let mut found = Rows::default();
        if self.by_line {
            self.begin_file();
            lines(value).for_each(|line| self.line(line, &mut found));
        } else {
            self.line(value, &mut found);
        }
        found
    }

    fn begin_file(&mut self) {
        self.to_skip = self.format.skip_header_rows;
        self.needs_header = self.format.from_header == Some(true);
        self.columns = self.format.columns.clone();
    }
}
