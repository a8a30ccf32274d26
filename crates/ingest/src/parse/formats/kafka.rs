//! `kafka`: the value by a format of its own, beside key, headers, time, topic, partition and offset
//! of the record. A field of the value wins over one of the record.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{InputFormat, Kind, Reader, Row, Rows, parse_input_format};
use crate::Result;
use crate::parse::batch::ParsedBatch;
use crate::parse::cell::Cell;
use crate::parse::raw::{RawBatch, RawRecord};
use crate::spec::TimestampSpec;
use crate::spec::fields::Fields;

pub(super) static KIND: Kind = Kind { tag: "kafka", parse };

#[derive(Debug, Clone)]
struct Kafka {
    value_format: Arc<dyn InputFormat>,
    key_format: Option<Arc<dyn InputFormat>>,
    header_format: Option<Headers>,
    header_prefix: String,
    columns: Columns,
}

/// Names of the columns of the record itself.
#[derive(Debug, Clone)]
struct Columns {
    key: String,
    timestamp: String,
    topic: String,
    partition: Option<String>,
    offset: Option<String>,
}

/// How the bytes of headers are read.
#[derive(Debug, Clone)]
struct Headers {
    encoding: String,
    latin: bool,
}

fn parse(fields: &Fields<'_>) -> Result<Arc<dyn InputFormat>> {
    let nested = |name: &str| fields.get(name).map(|value| parse_input_format(value, &fields.path(name))).transpose();
    let value_format = match nested("valueFormat")? {
        Some(format) => format,
        None => return Err(fields.wrong("valueFormat", "is required")),
    };
    let or =
        |name: &str, default: &str| Ok::<_, crate::Error>(fields.text(name)?.unwrap_or_else(|| default.to_owned()));
    Ok(Arc::new(Kafka {
        value_format,
        key_format: nested("keyFormat")?,
        header_format: fields.object("headerFormat")?.map(|fields| headers(&fields)).transpose()?,
        header_prefix: or("headerColumnPrefix", "kafka.header.")?,
        columns: Columns {
            key: or("keyColumnName", "kafka.key")?,
            timestamp: or("timestampColumnName", "kafka.timestamp")?,
            topic: or("topicColumnName", "kafka.topic")?,
            partition: fields.text("partitionColumnName")?,
            offset: fields.text("offsetColumnName")?,
        },
    }))
}

fn headers(fields: &Fields<'_>) -> Result<Headers> {
    match fields.tag(None)?.as_str() {
        "string" => {}
        other => return Err(fields.wrong("type", format!("must be [string], not [{other}]"))),
    }
    let encoding = fields.text("encoding")?.unwrap_or_else(|| "UTF-8".to_owned());
    let latin = match encoding.to_ascii_uppercase().as_str() {
        "UTF-8" | "UTF8" | "US-ASCII" => false,
        "ISO-8859-1" => true,
        _ => return Err(fields.wrong("encoding", format!("must be UTF-8, US-ASCII or ISO-8859-1, not [{encoding}]"))),
    };
    Ok(Headers { encoding, latin })
}

impl InputFormat for Kafka {
    fn to_json(&self) -> Value {
        let mut out = json!({
            "type": "kafka",
            "headerFormat": self.header_format.as_ref().map(|h| json!({"type": "string", "encoding": h.encoding})),
            "keyFormat": self.key_format.as_ref().map(|format| format.to_json()),
            "valueFormat": self.value_format.to_json(),
            "headerColumnPrefix": self.header_prefix,
            "keyColumnName": self.columns.key,
            "timestampColumnName": self.columns.timestamp,
            "topicColumnName": self.columns.topic,
        });
        for (name, column) in
            [("partitionColumnName", &self.columns.partition), ("offsetColumnName", &self.columns.offset)]
        {
            if let (Some(column), Some(map)) = (column, out.as_object_mut()) {
                map.insert(name.to_owned(), Value::from(column.as_str()));
            }
        }
        out
    }

    fn default_time_column(&self) -> &'static str {
        "kafka.timestamp"
    }

    fn reader(&self, stream: bool) -> Box<dyn Reader> {
        Box::new(KafkaReader {
            format: self.clone(),
            value: self.value_format.reader(stream),
            key: self.key_format.as_ref().map(|format| format.reader(stream)),
        })
    }
}

#[derive(Debug)]
struct KafkaReader {
    format: Kafka,
    value: Box<dyn Reader>,
    key: Option<Box<dyn Reader>>,
}

impl Kafka {
    /// Columns of the record itself.
    fn envelope<'a, 's>(
        &'s self,
        from: &RawBatch<'a>,
        record: &RawRecord<'a>,
        key: Option<Cell<'a>>,
        named: impl Fn(&'s str) -> Cow<'a, str>,
    ) -> Row<'a> {
        let columns = &self.columns;
        let mut row: Row<'a> = Vec::with_capacity(5 + record.headers.len());
        if let Some(headers) = &self.header_format {
            for (name, bytes) in record.headers {
                let text = bytes.map_or(Cell::Null, |bytes| Cell::Text(header_text(bytes, headers.latin)));
                row.push((Cow::Owned(format!("{}{name}", self.header_prefix)), text));
            }
        }
        row.push((named(&columns.timestamp), record.time_ms.map_or(Cell::Null, Cell::Long)));
        row.push((named(&columns.topic), Cell::text(from.topic)));
        if let Some(name) = &columns.partition {
            row.push((named(name), Cell::Long(i64::from(from.partition))));
        }
        if let Some(name) = &columns.offset {
            row.push((named(name), Cell::Long(record.offset)));
        }
        row.extend(key.map(|cell| (named(&columns.key), cell)));
        row
    }
}

impl KafkaReader {
    /// The first value of the record's key.
    fn key<'a>(&mut self, from: &RawBatch<'a>, record: &RawRecord<'a>) -> Option<Cell<'a>> {
        let (reader, key) = (self.key.as_mut()?, record.key?);
        let rows = reader.rows(from, &RawRecord { value: Some(key), ..*record }).rows;
        rows.into_iter().next()?.into_iter().next().map(|(_, cell)| cell)
    }
}

impl Reader for KafkaReader {
    fn read(&mut self, from: &RawBatch<'_>, record: &RawRecord<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) {
        let key = self.key(from, record);
        let envelope = self.format.envelope(from, record, key, Cow::Borrowed);
        self.value.read_beside(from, record, &envelope, spec, batch);
    }

    fn rows<'a>(&mut self, from: &RawBatch<'a>, record: &RawRecord<'a>) -> Rows<'a> {
        let key = self.key(from, record);
        let mut found = self.value.rows(from, record);
        let envelope = self.format.envelope(from, record, key, |name| Cow::Owned(name.to_owned()));
        for row in &mut found.rows {
            for (name, cell) in &envelope {
                if !row.iter().any(|(taken, _)| taken == name) {
                    row.push((name.clone(), cell.clone()));
                }
            }
        }
        found
    }
}

fn header_text(bytes: &[u8], latin: bool) -> Cow<'_, str> {
    if latin {
        return Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect());
    }
    String::from_utf8_lossy(bytes)
}
