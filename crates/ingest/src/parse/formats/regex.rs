//! `regex`: the groups of a pattern that matches the whole line.

use std::borrow::Cow;
use std::sync::Arc;

use ::regex::{Regex, RegexBuilder};
use serde_json::{Value, json};

use super::{InputFormat, Kind, Reader, Rows, lines};
use crate::Result;
use crate::parse::cell::Cell;
use crate::parse::raw::{RawBatch, RawRecord};
use crate::parse::reject::Reason;
use crate::spec::fields::Fields;

pub(super) static KIND: Kind = Kind { tag: "regex", parse };

/// Bytes of a pattern, and of the program it becomes.
const MAX_PATTERN: usize = 1024;
const MAX_PROGRAM: usize = 1 << 20;

#[derive(Debug, Clone)]
struct RegexFormat {
    pattern: String,
    regex: Regex,
    columns: Arc<[String]>,
    list_delimiter: Option<String>,
}

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputFormat>> {
    let pattern = fields.required_text("pattern")?;
    if pattern.len() > MAX_PATTERN {
        return Err(fields.wrong("pattern", format!("is longer than {MAX_PATTERN} bytes")));
    }
    let regex = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(MAX_PROGRAM)
        .build()
        .map_err(|error| fields.wrong("pattern", error.to_string()))?;
    let columns = match fields.texts("columns")? {
        Some(columns) => columns,
        None => (1..regex.captures_len()).map(|at| format!("column_{at}")).collect(),
    };
    Ok(Arc::new(RegexFormat {
        pattern,
        regex,
        columns: columns.into(),
        list_delimiter: fields.text("listDelimiter")?.filter(|text| !text.is_empty()),
    }))
}

impl InputFormat for RegexFormat {
    fn to_json(&self) -> Value {
        json!({
            "type": "regex",
            "pattern": self.pattern,
            "listDelimiter": self.list_delimiter,
            "columns": self.columns.as_ref(),
        })
    }

    fn reader(&self, _: bool) -> Box<dyn Reader> {
        Box::new(RegexReader(self.clone()))
    }
}

#[derive(Debug)]
struct RegexReader(RegexFormat);

impl RegexReader {
    fn cell<'a>(&self, text: &'a str) -> Cell<'a> {
        match &self.0.list_delimiter {
            Some(delimiter) if text.contains(delimiter.as_str()) => {
                Cell::List(text.split(delimiter.as_str()).map(Cell::text).collect())
            }
            _ => Cell::text(text),
        }
    }
}

impl Reader for RegexReader {
    fn rows<'a>(&mut self, _: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        let mut found = Rows::default();
        for line in lines(record.value.unwrap_or_default()) {
            let matched = std::str::from_utf8(line).ok().and_then(|text| self.0.regex.captures(text));
            let Some(groups) = matched else {
                found.failure = Some((Reason::Malformed, "the pattern does not match".to_owned()));
                continue;
            };
            let value = |at: usize| groups.get(at + 1).map_or(Cell::Null, |group| self.cell(group.as_str()));
            let row = self.0.columns.iter().enumerate().map(|(at, name)| (Cow::Owned(name.clone()), value(at)));
            found.rows.push(row.collect());
        }
        found
    }
}
