//! Values of fields into columns.

use super::cursor::{Cursor, GiveUp, Text};
use super::expected::Target;
use super::number::{self, Number};
use crate::parse::ParsedBatch;
use crate::parse::batch::RowError;
use crate::parse::cell::Cell;
use crate::parse::layout::FieldId;
use crate::parse::slot::{Slot, Store, Trouble};
use crate::spec::{DimensionType, TimestampSpec};

/// Where values go, and what is at hand on the way.
pub(super) struct Sink<'s> {
    pub(super) spec: &'s TimestampSpec,
    pub(super) batch: &'s mut ParsedBatch,
    /// What a string with escapes becomes.
    pub(super) text: &'s mut Vec<u8>,
}

impl Sink<'_> {
    /// A value that goes to `target`, nested so deep at most, into its columns.
    #[inline(always)]
    pub(super) fn value(&mut self, cursor: &mut Cursor<'_>, target: Target, most: usize) -> Result<(), GiveUp> {
        match target {
            Target::Slot(field, _) | Target::Field(field) => {
                self.first_sight(field)?;
                self.wanted(cursor, target, field, most)
            }
            Target::Nowhere => cursor.skip_value(most),
            Target::Undecided => match (cursor.peek(), self.batch.layout.discovers) {
                (Some(b'n'), Some(DimensionType::Auto)) => cursor.word(b"null"),
                (Some(b'{'), Some(other)) if other != DimensionType::Auto => {
                    let start = cursor.at;
                    cursor.skip_value(most)?;
                    // No dimension is made of it, yet it must be one that could be read.
                    cursor.cell(start).map(|_| ())
                }
                _ => Err(GiveUp),
            },
            Target::Node(_) => Err(GiveUp),
        }
    }

    /// The same for where speed counts less than room.
    #[inline(never)]
    pub(super) fn inner_value(&mut self, cursor: &mut Cursor<'_>, target: Target, most: usize) -> Result<(), GiveUp> {
        self.value(cursor, target, most)
    }

    /// The same behind the quote that opens a string.
    #[inline(always)]
    pub(super) fn string(&mut self, cursor: &mut Cursor<'_>, target: Target) -> Result<(), GiveUp> {
        match target {
            Target::Slot(field, slot) => {
                self.first_sight(field)?;
                slot_text(&cursor.any_string(self.text)?, slot, self.batch)
            }
            Target::Field(field) => {
                self.first_sight(field)?;
                text_value(&cursor.any_string(self.text)?, field, self.spec, self.batch)
            }
            Target::Nowhere => cursor.rest_of_string(),
            Target::Undecided | Target::Node(_) => Err(GiveUp),
        }
    }

    /// A value that was read already.
    pub(super) fn cell(&mut self, cell: &Cell<'_>, target: Target) -> Result<(), GiveUp> {
        let is_auto = self.batch.layout.discovers == Some(DimensionType::Auto);
        match (target, cell) {
            (Target::Slot(field, _) | Target::Field(field), _) => {
                self.first_sight(field)?;
                self.batch.put_seen(field, cell, &self.spec.format).map_err(|_| GiveUp)
            }
            (Target::Nowhere, _) => Ok(()),
            // What no dimension is made of.
            (Target::Undecided, Cell::Null) if is_auto => Ok(()),
            (Target::Undecided, Cell::Map(_)) if !is_auto => Ok(()),
            (Target::Undecided | Target::Node(_), _) => Err(GiveUp),
        }
    }

    /// A field that comes twice needs the other way.
    #[inline(always)]
    fn first_sight(&mut self, field: FieldId) -> Result<(), GiveUp> {
        if self.batch.first_sight(field) { Ok(()) } else { Err(GiveUp) }
    }

    #[inline(always)]
    fn wanted(&mut self, cursor: &mut Cursor<'_>, target: Target, field: FieldId, most: usize) -> Result<(), GiveUp> {
        match cursor.peek() {
            Some(b'"') => {
                cursor.at += 1;
                text_value(&cursor.any_string(self.text)?, field, self.spec, self.batch)
            }
            Some(b'0'..=b'9' | b'-') => {
                let (number, len) = number::parse(cursor.rest()).ok_or(GiveUp)?;
                cursor.at += len;
                match target {
                    Target::Slot(_, slot) => {
                        put_number(number, &mut self.batch.slots[slot as usize].store);
                        Ok(())
                    }
                    _ => number_value(number, field, self.spec, self.batch),
                }
            }
            Some(b'n') => {
                cursor.word(b"null")?;
                each_slot(field, self.batch, |slot| {
                    slot.push_null();
                    Ok(())
                })
            }
            Some(b'[') => self.list(cursor, field, most),
            Some(b'{') => self.read_apart(cursor, field, most),
            Some(b't') => {
                cursor.word(b"true")?;
                boolean_value(true, field, self.batch)
            }
            Some(b'f') => {
                cursor.word(b"false")?;
                boolean_value(false, field, self.batch)
            }
            _ => Err(GiveUp),
        }
    }

    /// A list of strings into a text column, any other list as what it is.
    #[inline(always)]
    fn list(&mut self, cursor: &mut Cursor<'_>, field: FieldId, most: usize) -> Result<(), GiveUp> {
        let targets = &self.batch.layout.targets[field as usize];
        if let ([slot], false) = (&targets.slots[..], targets.time)
            && let Store::Text(store) = &mut self.batch.slots[*slot as usize].store
        {
            let start = cursor.at;
            store.begin_list();
            let mut goes_on = cursor.open();
            while goes_on && cursor.peek() == Some(b'"') {
                cursor.at += 1;
                store.list_text(&cursor.any_string(self.text)?).map_err(|_| GiveUp)?;
                goes_on = cursor.another(b']')?;
            }
            if !goes_on {
                store.end_list();
                return Ok(());
            }
            cursor.at = start;
        }
        self.read_apart(cursor, field, most)
    }

    /// A value for which there is no short way into the columns.
    #[inline(never)]
    fn read_apart(&mut self, cursor: &mut Cursor<'_>, field: FieldId, most: usize) -> Result<(), GiveUp> {
        let start = cursor.at;
        cursor.skip_value(most)?;
        let cell = cursor.cell(start)?;
        self.batch.put_seen(field, &cell, &self.spec.format).map_err(|_| GiveUp)
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
