//! The scanner for events: it expects the fields of a record where earlier records had them, and writes values
//! straight into columns. It gives up on anything unusual, and then has written nothing.

use super::cursor::{Cursor, GiveUp, Text};
use super::expected::{Fields, Found, Target};
use super::nest::Nest;
use super::values::Sink;
use super::{MAX_DEPTH, MAX_FIELDS};
use crate::parse::ParsedBatch;
use crate::parse::flatten::Flatten;
use crate::parse::formats::Cells;
use crate::spec::{DimensionType, TimestampSpec};

/// Levels of nesting that a field of a record may have.
const MOST: usize = MAX_DEPTH - 1;

/// Reads one object a record; keeps the order of fields from record to record.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    fields: Fields,
    nest: Nest,
    text: Vec<u8>,
    /// The schema that the targets of fields are of.
    schema_version: Option<u64>,
}

impl Scanner {
    /// Writes the one row of a record, and of the fields beside it those that it lacks. False when it could not,
    /// and then nothing is written.
    pub(crate) fn read(
        &mut self,
        text: &[u8],
        flatten: Option<&Flatten>,
        beside: &Cells<'_>,
        spec: &TimestampSpec,
        batch: &mut ParsedBatch,
    ) -> bool {
        if self.schema_version != Some(batch.schema_version()) && self.begin_schema(flatten, batch).is_err() {
            return false;
        }
        batch.begin_row();
        let mut out = std::mem::take(&mut self.text);
        let mut sink = Sink { spec, batch, text: &mut out };
        let read = self.record(text, flatten, beside, &mut sink);
        self.text = out;
        match read {
            Ok(()) => batch.end_row(spec),
            Err(GiveUp) => batch.abort_row(),
        }
        read.is_ok()
    }

    /// What fields are for may be another with another schema.
    #[cold]
    fn begin_schema(&mut self, flatten: Option<&Flatten>, batch: &ParsedBatch) -> Result<(), GiveUp> {
        self.schema_version = None;
        if let Some(flatten) = flatten {
            self.nest.begin(flatten, &batch.layout)?;
            // Fields that the record lacks are null, of which automatic dimensions are not made.
            if self.nest.discovers() && batch.layout.discovers != Some(DimensionType::Auto) {
                return Err(GiveUp);
            }
        }
        self.fields = Fields::default();
        self.schema_version = Some(batch.schema_version());
        Ok(())
    }

    #[inline(always)]
    fn record(
        &mut self,
        text: &[u8],
        flatten: Option<&Flatten>,
        beside: &Cells<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), GiveUp> {
        let mut cursor = Cursor { text, at: 0 };
        self.nest.begin_record();
        self.object(&mut cursor, flatten, sink)?;
        // Errors are told in the order of the spec, which the record need not have.
        if flatten.is_some() && sink.batch.row_errors() > 1 {
            return Err(GiveUp);
        }
        if !beside.is_empty() {
            self.nest.end(sink)?;
            put_beside(beside, sink)?;
        }
        Ok(())
    }

    fn object(
        &mut self,
        cursor: &mut Cursor<'_>,
        flatten: Option<&Flatten>,
        sink: &mut Sink<'_>,
    ) -> Result<(), GiveUp> {
        let mut next = 0;
        for number in 0..MAX_FIELDS {
            if number > 0 && cursor.peek() == Some(b'}') {
                cursor.at += 1;
                return cursor.end();
            }
            let found = match self.fields.predict(next, cursor.rest()) {
                Some(found) => {
                    cursor.at += found.len;
                    found
                }
                None => match self.key((number, next), cursor, flatten, sink.batch)? {
                    Some(found) => found,
                    None => return cursor.end(),
                },
            };
            next = found.next;
            match (found.target, flatten) {
                (Target::Node(node), Some(flatten)) => {
                    cursor.at -= usize::from(found.in_string);
                    self.nest.value(node as usize, 1, cursor, flatten, sink)?;
                }
                (target, _) if found.in_string => sink.string(cursor, target)?,
                (target, _) => sink.value(cursor, target, MOST)?,
            }
        }
        Err(GiveUp)
    }

    /// Reads the key that comes next and expects it here from now on. `None` at the object's end.
    #[inline(never)]
    fn key(
        &mut self,
        (number, next): (usize, usize),
        cursor: &mut Cursor<'_>,
        flatten: Option<&Flatten>,
        batch: &ParsedBatch,
    ) -> Result<Option<Found>, GiveUp> {
        let start = cursor.at;
        let usual = if number > 0 { cursor.next_name() } else { None };
        let name = match usual {
            Some(name) => name,
            None => match unusual_name(number, cursor)? {
                Some(name) => name,
                None => return Ok(None),
            },
        };
        let before = start..cursor.at;
        let (next, target) = match self.fields.find((next, usual.is_some()), &name, cursor.text, before.clone()) {
            Some(known) => known,
            None => {
                let name = std::str::from_utf8(name.bytes).map_err(|_| GiveUp)?;
                let target = match flatten {
                    Some(flatten) => self.nest.target(name, flatten, &batch.layout)?,
                    None => Target::of(name, &batch.layout)?,
                };
                (self.fields.learn(next, name, cursor.text, before, target), target)
            }
        };
        let in_string = cursor.peek() == Some(b'"');
        cursor.at += usize::from(in_string);
        Ok(Some(Found { next, len: 0, in_string, target }))
    }
}

/// The name of the field that comes next, whatever white space there is. `None` at the object's end.
fn unusual_name<'a>(number: usize, cursor: &mut Cursor<'a>) -> Result<Option<Text<'a>>, GiveUp> {
    cursor.white();
    match (number, cursor.next()) {
        (0, Some(b'{')) => {
            cursor.white();
            if cursor.peek() == Some(b'}') {
                cursor.at += 1;
                return Ok(None);
            }
        }
        (0, _) => return Err(GiveUp),
        (_, Some(b',')) => cursor.white(),
        (_, Some(b'}')) => return Ok(None),
        _ => return Err(GiveUp),
    }
    cursor.name().map(Some)
}

fn put_beside(beside: &Cells<'_>, sink: &mut Sink<'_>) -> Result<(), GiveUp> {
    for (name, cell) in beside {
        if let Some(field) = sink.batch.field(name, cell).map_err(|_| GiveUp)? {
            sink.batch.put(field, cell, &sink.spec.format).map_err(|_| GiveUp)?;
        }
    }
    Ok(())
}
