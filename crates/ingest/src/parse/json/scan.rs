//! The scanner for events: it expects the fields of a record where the last record had them, and
//! writes values straight into columns. It gives up on anything unusual, and then has written nothing.

use super::number::{self, Number};
use super::{MAX_DEPTH, MAX_FIELDS, skip};
use crate::parse::ParsedBatch;
use crate::parse::batch::RowError;
use crate::parse::cell::Cell;
use crate::parse::layout::FieldId;
use crate::parse::slot::{Slot, Store, Trouble};
use crate::spec::TimestampSpec;

/// Bytes before a value that are worth remembering.
const MAX_EXPECTED: usize = 512;

/// What stands before the value of a field: from the end of the last value to its own first byte.
#[derive(Debug, Clone, Default, PartialEq)]
struct Expected {
    /// For example `,"city":`.
    bytes: Vec<u8>,
    field: Option<FieldId>,
}

/// Reads one object a record; keeps the order of fields from record to record.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    expected: Vec<Expected>,
    key: Vec<u8>,
}

/// Where the scanner stands in a record.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

/// The record needs the other way.
struct GiveUp;

impl Scanner {
    /// Writes the one row of a record. False when it could not, and then nothing is written.
    pub(crate) fn read(&mut self, text: &[u8], spec: &TimestampSpec, batch: &mut ParsedBatch) -> bool {
        batch.begin_row();
        let mut cursor = Cursor { text, at: 0 };
        match self.object(&mut cursor, spec, batch) {
            Ok(()) => {
                batch.end_row(spec);
                true
            }
            Err(GiveUp) => {
                batch.abort_row();
                false
            }
        }
    }

    fn object(&mut self, cursor: &mut Cursor<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
        for index in 0..MAX_FIELDS {
            let field = match self.expected.get(index) {
                Some(expected) if cursor.rest().starts_with(&expected.bytes) => {
                    cursor.at += expected.bytes.len();
                    expected.field
                }
                _ => match self.key(index, cursor, batch)? {
                    Some(field) => field,
                    None => return cursor.end(),
                },
            };
            match field {
                Some(field) if batch.first_sight(field) => value(cursor, field, spec, batch)?,
                Some(_) => return Err(GiveUp),
                None => cursor.skip_value()?,
            }
        }
        Err(GiveUp)
    }

    /// Reads the key that comes next and expects it here from now on. `None` at the object's end.
    #[cold]
    fn key(
        &mut self,
        index: usize,
        cursor: &mut Cursor<'_>,
        batch: &ParsedBatch,
    ) -> Result<Option<Option<FieldId>>, GiveUp> {
        let start = cursor.at;
        cursor.white();
        match (index, cursor.next()) {
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
        if cursor.next() != Some(b'"') {
            return Err(GiveUp);
        }
        let key = cursor.string()?;
        let name = std::str::from_utf8(key).map_err(|_| GiveUp)?;
        self.key.clear();
        self.key.extend_from_slice(key);
        cursor.white();
        if cursor.next() != Some(b':') {
            return Err(GiveUp);
        }
        cursor.white();
        let field = batch.layout.id(&self.key);
        let is_settled = field.is_some_and(|field| batch.layout.is_settled(field));
        if !is_settled && batch.layout.may_discover(name) {
            return Err(GiveUp);
        }
        if cursor.at - start > MAX_EXPECTED {
            return Err(GiveUp);
        }
        let expected = Expected { bytes: cursor.text[start..cursor.at].to_vec(), field };
        match self.expected.get_mut(index) {
            Some(place) => *place = expected,
            None => self.expected.push(expected),
        }
        Ok(Some(field))
    }
}

/// Reads the value of a wanted field into its columns.
#[inline]
fn value(cursor: &mut Cursor<'_>, field: FieldId, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    match cursor.peek() {
        Some(b'"') => {
            cursor.at += 1;
            let text = cursor.string()?;
            text_value(text, field, spec, batch)
        }
        Some(b'0'..=b'9' | b'-') => {
            let (number, len) = number::parse(cursor.rest()).ok_or(GiveUp)?;
            cursor.at += len;
            number_value(number, field, spec, batch)
        }
        Some(b'n') => {
            cursor.word(b"null")?;
            each_slot(field, batch, |slot| {
                slot.push_null();
                Ok(())
            })
        }
        Some(b'[') => list_value(cursor, field, batch),
        Some(b't') => {
            cursor.word(b"true")?;
            boolean_value(true, field, batch)
        }
        Some(b'f') => {
            cursor.word(b"false")?;
            boolean_value(false, field, batch)
        }
        _ => Err(GiveUp),
    }
}

fn boolean_value(value: bool, field: FieldId, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    if batch.layout.targets[field as usize].time {
        return Err(GiveUp);
    }
    each_slot(field, batch, |slot| slot.put(&Cell::Bool(value)))
}

#[inline]
fn text_value(text: &[u8], field: FieldId, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    if batch.layout.targets[field as usize].time {
        let text = std::str::from_utf8(text).map_err(|_| GiveUp)?;
        let time = spec.format.read_text(text).ok_or(GiveUp)?;
        batch.put_time(time);
    }
    each_slot(field, batch, |slot| match &mut slot.store {
        Store::Text(store) => store.push_bytes(text),
        Store::Mixed(column) => column.push_bytes(text),
        Store::Long(_) | Store::Double(_) | Store::Float(_) => {
            let text = std::str::from_utf8(text).map_err(|_| Trouble::NotUtf8)?;
            slot.put(&Cell::text(text))
        }
    })
}

#[inline]
fn number_value(number: Number, field: FieldId, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    if batch.layout.targets[field as usize].time {
        let time = match number {
            Number::Long(value) => spec.format.read_long(value),
            Number::Double(value) => spec.format.read_double(value),
        };
        batch.put_time(time.ok_or(GiveUp)?);
    }
    match number {
        Number::Long(value) => each_slot(field, batch, |slot| {
            match &mut slot.store {
                Store::Text(store) => store.push_long(value),
                Store::Long(column) => column.push(value),
                Store::Double(column) => column.push(value as f64),
                Store::Float(column) => column.push(value as f32),
                Store::Mixed(column) => column.push_long(value),
            }
            Ok(())
        }),
        Number::Double(value) => each_slot(field, batch, |slot| {
            match &mut slot.store {
                Store::Text(store) => store.push_double(value),
                Store::Long(column) => column.push(value as i64),
                Store::Double(column) => column.push(value),
                Store::Float(column) => column.push(value as f32),
                Store::Mixed(column) => column.push_double(value),
            }
            Ok(())
        }),
    }
}

/// A list of plain strings into a text column; any other list needs the other way.
fn list_value(cursor: &mut Cursor<'_>, field: FieldId, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    let [slot] = batch.layout.targets[field as usize].slots[..] else { return Err(GiveUp) };
    let Store::Text(store) = &mut batch.slots[slot as usize].store else { return Err(GiveUp) };
    if batch.layout.targets[field as usize].time {
        return Err(GiveUp);
    }
    cursor.at += 1;
    store.begin_list();
    cursor.white();
    if cursor.peek() == Some(b']') {
        cursor.at += 1;
        store.end_list();
        return Ok(());
    }
    loop {
        if cursor.next() != Some(b'"') {
            return Err(GiveUp);
        }
        let text = cursor.string()?;
        store.list_bytes(text).map_err(|_| GiveUp)?;
        cursor.white();
        match cursor.next() {
            Some(b',') => cursor.white(),
            Some(b']') => {
                store.end_list();
                return Ok(());
            }
            _ => return Err(GiveUp),
        }
    }
}

#[inline]
fn each_slot(
    field: FieldId,
    batch: &mut ParsedBatch,
    mut put: impl FnMut(&mut Slot) -> Result<(), Trouble>,
) -> Result<(), GiveUp> {
    for &slot in &batch.layout.targets[field as usize].slots {
        let slot = &mut batch.slots[slot as usize];
        match put(slot) {
            Ok(()) => {}
            Err(Trouble::Field(detail)) => {
                let error = RowError { row: batch.time.len() as u32, field: slot.name.clone(), detail };
                batch.errors.push(error);
            }
            Err(_) => return Err(GiveUp),
        }
    }
    Ok(())
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of every byte that ends a string or is not plain: a quote, a backslash, a control.
#[inline]
fn special(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(LOW) & !word;
    let quote = zero(word ^ (LOW * b'"' as u64));
    let backslash = zero(word ^ (LOW * b'\\' as u64));
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    (quote | backslash | control) & HIGH
}

impl<'a> Cursor<'a> {
    #[inline]
    fn rest(&self) -> &'a [u8] {
        &self.text[self.at..]
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    #[inline]
    fn white(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), GiveUp> {
        if !self.rest().starts_with(word) {
            return Err(GiveUp);
        }
        self.at += word.len();
        Ok(())
    }

    /// Nothing may follow the object.
    fn end(&mut self) -> Result<(), GiveUp> {
        self.white();
        if self.at == self.text.len() { Ok(()) } else { Err(GiveUp) }
    }

    /// The bytes of a string without escapes, up to its closing quote, which is passed.
    #[inline]
    fn string(&mut self) -> Result<&'a [u8], GiveUp> {
        let start = self.at;
        let mut at = start;
        while let Some(chunk) = self.text.get(at..at + 8) {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            let found = special(u64::from_le_bytes(word));
            if found != 0 {
                return self.close(start, at + found.trailing_zeros() as usize / 8);
            }
            at += 8;
        }
        while let Some(&byte) = self.text.get(at) {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return self.close(start, at);
            }
            at += 1;
        }
        Err(GiveUp)
    }

    #[inline]
    fn close(&mut self, start: usize, end: usize) -> Result<&'a [u8], GiveUp> {
        if self.text[end] != b'"' {
            return Err(GiveUp);
        }
        self.at = end + 1;
        Ok(&self.text[start..end])
    }

    /// Passes over a value that no column wants; it must be well formed all the same.
    fn skip_value(&mut self) -> Result<(), GiveUp> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                let text = self.string()?;
                std::str::from_utf8(text).map(|_| ()).map_err(|_| GiveUp)
            }
            Some(b'0'..=b'9' | b'-') => {
                self.at += number::parse(self.rest()).ok_or(GiveUp)?.1;
                Ok(())
            }
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'[' | b'{') => {
                self.at += skip::nested(self.rest(), MAX_DEPTH - 1).ok_or(GiveUp)?;
                Ok(())
            }
            _ => Err(GiveUp),
        }
    }
}
