//! Input formats: one file each, and this list.

mod csv;
mod delimited;
pub(crate) mod json;
mod kafka;
mod lines;
mod regex;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use serde_json::Value;

use super::batch::ParsedBatch;
use super::cell::Cell;
use super::raw::{RawBatch, RawRecord};
use super::reject::Reason;
use super::slot::Trouble;
use crate::Result;
use crate::spec::TimestampSpec;
use crate::spec::fields::Fields;

/// The fields of one row, in the order given.
pub type Row<'a> = Vec<(Cow<'a, str>, Cell<'a>)>;

/// Some fields of a row.
pub type Cells<'a> = [(Cow<'a, str>, Cell<'a>)];

/// An `inputFormat` as meant.
pub trait InputFormat: Send + Sync + Debug {
    /// The format with its defaults.
    fn to_json(&self) -> Value;

    /// The default of `timestampSpec.column`.
    fn default_time_column(&self) -> &'static str {
        "timestamp"
    }

    /// A reader of records; what it learns from records it keeps to itself. `stream` says whether
    /// records come from a stream, where one may hold several rows, or are lines of a file.
    fn reader(&self, stream: bool) -> Box<dyn Reader>;
}

/// The rows of a record, and what could not be read after them.
#[derive(Debug, Default)]
pub struct Rows<'a> {
    /// Rows in order.
    pub rows: Vec<Row<'a>>,
    /// Why the rest of the record could not be read.
    pub failure: Option<(Reason, String)>,
}

/// Reads records into the rows of a batch.
pub trait Reader: Send + Debug {
    /// The rows of one record.
    fn rows<'a>(&mut self, from: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a>;

    /// Writes the rows of one record; what cannot be read is noted in the batch.
    fn read(&mut self, from: &RawBatch<'_>, record: &RawRecord<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
        self.read_beside(from, record, &[], spec, batch);
    }

    /// Writes the rows of one record, each with more fields beside its own, which win over them.
    fn read_beside(
        &mut self,
        from: &RawBatch<'_>,
        record: &RawRecord<'_>,
        beside: &Cells<'_>,
        spec: &TimestampSpec,
        batch: &mut ParsedBatch,
    ) {
        let Rows { rows, failure } = self.rows(from, record);
        rows.iter().for_each(|row| write_row(row, beside, spec, batch));
        if let Some((reason, detail)) = failure {
            batch.fail_record(reason, detail);
        }
    }

    /// The rows of a record as it holds them, before anything is taken from inside nested values.
    fn source_rows<'a>(&mut self, from: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        self.rows(from, record)
    }

    /// Forgets what belongs to the file that ended, such as its header.
    fn begin_file(&mut self) {}
}

/// A format: its tag in a spec and how it is read.
pub(crate) struct Kind {
    pub(crate) tag: &'static str,
    pub(crate) parse: fn(&Fields<'_>) -> Result<Arc<dyn InputFormat>>,
}

pub(crate) static KINDS: &[&Kind] =
    &[&csv::KIND, &delimited::KIND, &delimited::TSV, &json::KIND, &kafka::KIND, &lines::KIND, &regex::KIND];

/// Reads an `inputFormat` that stands at `path` of the spec.
pub fn parse_input_format(value: &Value, path: &str) -> Result<Arc<dyn InputFormat>> {
    let fields = Fields::of(value, path)?;
    let tag = fields.tag(None)?;
    match KINDS.iter().find(|kind| kind.tag == tag) {
        Some(kind) => (kind.parse)(&fields),
        None => {
            let known: Vec<&str> = KINDS.iter().map(|kind| kind.tag).collect();
            Err(fields.wrong("type", format!("unknown input format [{tag}], known are {}", known.join(", "))))
        }
    }
}

/// Writes one row of fields, and of those beside them that it lacks; a row that cannot be taken is noted.
pub(crate) fn write_row(own: &Cells<'_>, beside: &Cells<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
    batch.begin_row();
    for (name, cell) in own.iter().chain(beside) {
        let written = match batch.field(name, cell) {
            Ok(Some(field)) => batch.put(field, cell, &spec.format),
            Ok(None) => Ok(()),
            Err(trouble) => Err(trouble),
        };
        if let Err(trouble) = written {
            return give_up(name, trouble, batch);
        }
    }
    batch.end_row(spec);
}

pub(crate) fn give_up(name: &str, trouble: Trouble, batch: &mut ParsedBatch) {
    batch.abort_row();
    let (reason, detail) = match trouble {
        Trouble::Reject(Reason::ValueTooLong) => (Reason::ValueTooLong, format!("Value of [{name}] is too long")),
        Trouble::Reject(reason) => (reason, format!("Row has too many dimensions at [{name}]")),
        Trouble::NotUtf8 => (Reason::Malformed, format!("Value of [{name}] is not UTF-8")),
        Trouble::Field(detail) => (Reason::Malformed, detail),
    };
    batch.fail(reason, Some(name.to_owned()), detail);
}

/// The lines of a record's value, without their ends; a carriage return before one belongs to it.
pub(crate) fn lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = value.strip_suffix(b"\n").unwrap_or(value);
    whole.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}
