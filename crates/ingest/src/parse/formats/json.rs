//! `json`: one object a row.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Cells, InputFormat, Kind, Reader, Row, Rows, is_blank, lines, write_row};
use crate::Result;
use crate::parse::ParsedBatch;
use crate::parse::flatten::Flatten;
use crate::parse::json::{Scanner, tree};
use crate::parse::raw::{RawBatch, RawRecord};
use crate::parse::reject::Reason;
use crate::spec::TimestampSpec;
use crate::spec::fields::Fields;

pub(super) static KIND: Kind = Kind { tag: "json", parse };

#[derive(Debug, Clone)]
struct Json {
    flatten: Option<Arc<Flatten>>,
    feature_spec: Value,
    keep_null_columns: Option<bool>,
    newline_delimited: Option<bool>,
    node_reader: Option<bool>,
}

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputFormat>> {
    let flag = |name: &str| fields.get(name).map(|_| fields.boolean(name, false)).transpose();
    Ok(Arc::new(Json {
        flatten: fields.object("flattenSpec")?.map(|fields| Flatten::parse(&fields)).transpose()?.map(Arc::new),
        feature_spec: fields.get("featureSpec").cloned().unwrap_or_else(|| json!({})),
        keep_null_columns: flag("keepNullColumns")?,
        newline_delimited: flag("assumeNewlineDelimited")?,
        node_reader: flag("useJsonNodeReader")?,
    }))
}

impl InputFormat for Json {
    fn to_json(&self) -> Value {
        let mut out = json!({"type": "json"});
        let mut set = |name: &str, value: Option<Value>| {
            if let (Some(value), Some(map)) = (value, out.as_object_mut()) {
                map.insert(name.to_owned(), value);
            }
        };
        set("flattenSpec", self.flatten.as_ref().map(|flatten| flatten.to_json()));
        let has_features = self.feature_spec.as_object().is_some_and(|map| !map.is_empty());
        set("featureSpec", has_features.then(|| self.feature_spec.clone()));
        set("keepNullColumns", self.keep_null_columns.map(Value::from));
        set("assumeNewlineDelimited", self.newline_delimited.filter(|set| *set).map(Value::from));
        set("useJsonNodeReader", self.node_reader.filter(|set| *set).map(Value::from));
        out
    }

    fn reader(&self, stream: bool) -> Box<dyn Reader> {
        Box::new(JsonReader {
            flatten: self.flatten.clone(),
            by_line: stream && self.newline_delimited == Some(true),
            many: stream,
            scanner: Scanner::default(),
        })
    }
}

#[derive(Debug)]
struct JsonReader {
    flatten: Option<Arc<Flatten>>,
    /// Each line of a record is on its own: a bad one spoils no other.
    by_line: bool,
    /// A record may hold several objects, one after the other.
    many: bool,
    scanner: Scanner,
}

impl Reader for JsonReader {
    fn read(&mut self, from: &RawBatch<'_>, record: &RawRecord<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
        self.read_beside(from, record, &[], spec, batch);
    }

    fn read_beside(
        &mut self,
        _: &RawBatch<'_>,
        record: &RawRecord<'_>,
        beside: &Cells<'_>,
        spec: &TimestampSpec,
        batch: &mut ParsedBatch,
    ) {
        let value = record.value.unwrap_or_default();
        if self.by_line {
            let lines = lines(value).filter(|line| !is_blank(line));
            lines.for_each(|line| self.read_text(line, beside, spec, batch));
        } else {
            self.read_text(value, beside, spec, batch);
        }
    }

    fn rows<'a>(&mut self, _: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        self.objects(record, self.flatten.as_deref())
    }

    fn source_rows<'a>(&mut self, _: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        self.objects(record, None)
    }
}

impl JsonReader {
    fn objects<'a>(&self, record: &RawRecord<'a>, flatten: Option<&Flatten>) -> Rows<'a> {
        let value = record.value.unwrap_or_default();
        let texts: Vec<&[u8]> = if self.by_line { lines(value).collect() } else { vec![value] };
        let mut found = Rows::default();
        for text in texts {
            let mut objects = tree::Objects::new(text);
            while let Some(next) = objects.next_object() {
                match next.and_then(|object| object.cells()) {
                    Ok(row) => found.rows.push(match flatten {
                        Some(flatten) => flatten.apply(row),
                        None => row,
                    }),
                    Err(why) => found.failure = Some((why.reason(), why.to_string())),
                }
                if !self.many {
                    break;
                }
            }
        }
        found
    }

    fn read_text(&mut self, text: &[u8], beside: &Cells<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
        let flatten = self.flatten.as_deref();
        if !self.scanner.read(text, flatten, beside, spec, batch) {
            read_tree(text, flatten, self.many, beside, spec, batch);
        }
    }
}

/// The way that takes everything that JSON allows; `many` when the text may hold several objects.
pub(crate) fn read_tree(
    text: &[u8],
    flatten: Option<&Flatten>,
    many: bool,
    beside: &Cells<'_>,
    spec: &TimestampSpec,
    batch: &mut ParsedBatch,
) {
    let mut objects = tree::Objects::new(text);
    let mut found = 0;
    while let Some(next) = objects.next_object() {
        found += 1;
        let row = match next.and_then(|object| row(&object, flatten, batch)) {
            Ok(row) => row,
            Err(why) => return batch.fail_record(why.reason(), why.to_string()),
        };
        write_row(&row, beside, spec, batch);
        if !many {
            break;
        }
    }
    if found == 0 {
        batch.fail_record(Reason::Malformed, "no JSON object".to_owned());
    }
}

fn row<'a>(
    object: &tree::Object<'a>,
    flatten: Option<&'a Flatten>,
    batch: &ParsedBatch,
) -> Result<Row<'a>, tree::Unreadable> {
    let known = |name: &str| batch.layout.discovers.is_some() || batch.layout.id(name.as_bytes()).is_some();
    match flatten {
        Some(flatten) => Ok(flatten.apply_here(object.cells_of(|name| flatten.reads(name, known))?)),
        None => object.cells_of(known),
    }
}
