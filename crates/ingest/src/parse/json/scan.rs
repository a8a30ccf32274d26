//! The scanner for events: it expects the fields of a record where the last record had them, and
//! writes values straight into columns. It gives up on anything unusual, and then has written nothing.

use super::MAX_FIELDS;
use super::cursor::{Cursor, GiveUp, Text};
use super::expected::{Expected, Target};
use super::number::{self, Number};
use crate::parse::ParsedBatch;
use crate::parse::batch::RowError;
use crate::parse::cell::Cell;
use crate::parse::formats::Cells;
use crate::parse::layout::FieldId;
use crate::parse::slot::{Slot, Store, Trouble};
use crate::spec::TimestampSpec;

/// Expected fields that are tried before the next one is read anew: events leave fields out.
const LOOK_AHEAD: usize = 8;
/// Fields that are expected at most, and fields read anew after which all is learned again.
const MAX_EXPECTED: usize = 512;
const MAX_MISSES: usize = 1 << 18;

/// Reads one object a record; keeps the order of fields from record to record.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    expected: Vec<Expected>,
    misses: usize,
}

impl Scanner {
    /// Writes the one row of a record, and of the fields beside it those that it lacks. False when it could not,
    /// and then nothing is written.
    pub(crate) fn read(
        &mut self,
        text: &[u8],
        beside: &Cells<'_>,
        spec: &TimestampSpec,
        batch: &mut ParsedBatch,
    ) -> bool {
        batch.begin_row();
        let mut cursor = Cursor { text, at: 0 };
        match self.object(&mut cursor, spec, batch).and_then(|()| put_beside(beside, spec, batch)) {
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
        let mut next = 0;
        for number in 0..MAX_FIELDS {
            if number > 0 && cursor.peek() == Some(b'}') {
                cursor.at += 1;
                return cursor.end();
            }
            let (target, in_string) = match self.find(next, cursor.rest()) {
                Some((at, (len, in_string))) => {
                    next = at + 1;
                    cursor.at += len;
                    (self.expected[at].target, in_string)
                }
                None => match self.key((number, next), cursor, batch)? {
                    Some(target) => {
                        next += 1;
                        (target, false)
                    }
                    None => return cursor.end(),
                },
            };
            let Some(field) = target.field() else {
                match in_string {
                    true => cursor.rest_of_string()?,
                    false => cursor.skip_value()?,
                }
                continue;
            };
            if !batch.first_sight(field) {
                return Err(GiveUp);
            }
            match (in_string, target) {
                (true, Target::Slot(_, slot)) => slot_text(&cursor.string()?, slot, batch)?,
                (true, _) => text_value(&cursor.string()?, field, spec, batch)?,
                (false, _) => value(cursor, target, field, spec, batch)?,
            }
        }
        Err(GiveUp)
    }

    /// The expected field that comes next, from `next` on: its place, its bytes, and whether they end inside a
    /// string.
    #[inline(always)]
    fn find(&self, next: usize, rest: &[u8]) -> Option<(usize, (usize, bool))> {
        let found = self.expected.get(next)?.of(rest);
        if let Some(found) = found {
            return Some((next, found));
        }
        let end = self.expected.len().min(next + LOOK_AHEAD);
        (next + 1..end).find_map(|at| Some((at, self.expected[at].of(rest)?)))
    }

    /// Reads the key that comes next and expects it here from now on. `None` at the object's end.
    #[cold]
    fn key(
        &mut self,
        (number, next): (usize, usize),
        cursor: &mut Cursor<'_>,
        batch: &ParsedBatch,
    ) -> Result<Option<Target>, GiveUp> {
        let start = cursor.at;
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
        if cursor.next() != Some(b'"') {
            return Err(GiveUp);
        }
        let name = std::str::from_utf8(cursor.string()?.bytes).map_err(|_| GiveUp)?;
        cursor.white();
        if cursor.next() != Some(b':') {
            return Err(GiveUp);
        }
        cursor.white();
        let field = batch.layout.id(name.as_bytes());
        let is_settled = field.is_some_and(|field| batch.layout.is_settled(field));
        if !is_settled && batch.layout.may_discover(name) {
            return Err(GiveUp);
        }
        let target = Target::of(field, &batch.layout);
        self.learn(next, Expected::new(cursor.text, start..cursor.at, target).ok_or(GiveUp)?);
        Ok(Some(target))
    }

    fn learn(&mut self, next: usize, expected: Expected) {
        if self.misses == MAX_MISSES {
            self.expected.clear();
            self.misses = 0;
        }
        self.misses += 1;
        if self.expected.len() < MAX_EXPECTED {
            self.expected.insert(next.min(self.expected.len()), expected);
        }
    }
}

fn put_beside(beside: &Cells<'_>, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    for (name, cell) in beside {
        if let Some(field) = batch.field(name, cell).map_err(|_| GiveUp)? {
            batch.put(field, cell, &spec.format).map_err(|_| GiveUp)?;
        }
    }
    Ok(())
}

/// Reads the value of a wanted field into its columns.
#[inline]
fn value(
    cursor: &mut Cursor<'_>,
    target: Target,
    field: FieldId,
    spec: &TimestampSpec,
    batch: &mut ParsedBatch,
) -> Result<(), GiveUp> {
    match cursor.peek() {
        Some(b'"') => {
            cursor.at += 1;
            text_value(&cursor.string()?, field, spec, batch)
        }
        Some(b'0'..=b'9' | b'-') => {
            let (number, len) = number::parse(cursor.rest()).ok_or(GiveUp)?;
            cursor.at += len;
            match target {
                Target::Slot(_, slot) => {
                    put_number(number, &mut batch.slots[slot as usize].store);
                    Ok(())
                }
                _ => number_value(number, field, spec, batch),
            }
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

/// A text into the only column of its field.
#[inline(always)]
fn slot_text(text: &Text<'_>, slot: u16, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    if let Store::Text(store) = &mut batch.slots[slot as usize].store {
        return store.push_text(text).map_err(|_| GiveUp);
    }
    let put = put_text(text, &mut batch.slots[slot as usize]);
    note(put, slot, batch)
}

fn put_text(text: &Text<'_>, slot: &mut Slot) -> Result<(), Trouble> {
    match &mut slot.store {
        Store::Text(store) => store.push_text(text),
        Store::Mixed(column) => column.push_bytes(text.bytes),
        Store::Long(_) | Store::Double(_) | Store::Float(_) => {
            let text = std::str::from_utf8(text.bytes).map_err(|_| Trouble::NotUtf8)?;
            slot.put(&Cell::text(text))
        }
    }
}

fn text_value(text: &Text<'_>, field: FieldId, spec: &TimestampSpec, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    if batch.layout.targets[field as usize].time {
        let text = std::str::from_utf8(text.bytes).map_err(|_| GiveUp)?;
        let time = spec.format.read_text(text).ok_or(GiveUp)?;
        batch.put_time(time);
    }
    each_slot(field, batch, |slot| put_text(text, slot))
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
    each_slot(field, batch, |slot| {
        put_number(number, &mut slot.store);
        Ok(())
    })
}

#[inline]
fn put_number(number: Number, store: &mut Store) {
    match (number, store) {
        (Number::Long(value), Store::Text(store)) => store.push_long(value),
        (Number::Long(value), Store::Long(column)) => column.push(value),
        (Number::Long(value), Store::Double(column)) => column.push(value as f64),
        (Number::Long(value), Store::Float(column)) => column.push(value as f32),
        (Number::Long(value), Store::Mixed(column)) => column.push_long(value),
        (Number::Double(value), Store::Text(store)) => store.push_double(value),
        (Number::Double(value), Store::Long(column)) => column.push(value as i64),
        (Number::Double(value), Store::Double(column)) => column.push(value),
        (Number::Double(value), Store::Float(column)) => column.push(value as f32),
        (Number::Double(value), Store::Mixed(column)) => column.push_double(value),
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
        store.list_text(&cursor.string()?).map_err(|_| GiveUp)?;
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
    for at in 0..batch.layout.targets[field as usize].slots.len() {
        let slot = batch.layout.targets[field as usize].slots[at];
        let put = put(&mut batch.slots[slot as usize]);
        note(put, slot, batch)?;
    }
    Ok(())
}

/// What cannot be read is null and noted; what cannot be taken at all needs the other way.
#[inline]
fn note(put: Result<(), Trouble>, slot: u16, batch: &mut ParsedBatch) -> Result<(), GiveUp> {
    match put {
        Ok(()) => Ok(()),
        Err(Trouble::Field(detail)) => {
            let field = batch.slots[slot as usize].name.clone();
            batch.errors.push(RowError { row: batch.time.len() as u32, field, detail });
            Ok(())
        }
        Err(_) => Err(GiveUp),
    }
}
