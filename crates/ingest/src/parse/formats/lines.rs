//! `lines`: every line is a row of one column, `line`.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{InputFormat, Kind, Reader, Rows, lines};
use crate::parse::cell::Cell;
use crate::parse::raw::{RawBatch, RawRecord};
use crate::parse::reject::Reason;

pub(super) static KIND: Kind = Kind { tag: "lines", parse: |_| Ok(Arc::new(Lines)) };

#[derive(Debug)]
struct Lines;

impl InputFormat for Lines {
    fn to_json(&self) -> Value {
        json!({"type": "lines"})
    }

    fn reader(&self, _: bool) -> Box<dyn Reader> {
        Box::new(LinesReader)
    }
}

#[derive(Debug)]
struct LinesReader;

impl Reader for LinesReader {
    fn rows<'a>(&mut self, _: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        let mut found = Rows::default();
        for line in lines(record.value.unwrap_or_default()) {
            match std::str::from_utf8(line) {
                Ok(text) => found.rows.push(vec![(Cow::Borrowed("line"), Cell::text(text))]),
                Err(_) => found.failure = Some((Reason::Malformed, "not UTF-8".to_owned())),
            }
        }
        found
    }
}
