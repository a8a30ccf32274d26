//! One column of a batch under construction, and how values become what the column holds.

use std::sync::Arc;

use dialect::read::{self, Number};

use super::auto::MixedColumn;
use super::cell::Cell;
use super::column::{NumberColumn, TextColumn};
use super::interner::{Interner, NULL_CODE, NotUtf8};
use super::json::Text;
use super::reject::Reason;
use crate::spec::MultiValueHandling;

/// Bytes a value of a text dimension may have.
pub const MAX_VALUE_BYTES: usize = 32 * 1024;

/// Bytes a text that a metric reads may have: it may be a sketch.
const MAX_METRIC_TEXT_BYTES: usize = 4 << 20;

/// Who a column is for: it decides how lenient reading is, and the words of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Dimension,
    Metric,
}

/// One column under construction.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Arc<str>,
    pub(crate) used_as: Use,
    pub(crate) store: Store,
}

/// The values of a column.
#[derive(Debug)]
pub(crate) enum Store {
    Text(TextStore),
    Long(NumberColumn<i64>),
    Double(NumberColumn<f64>),
    Float(NumberColumn<f32>),
    /// Values as they came, of any type.
    Mixed(MixedColumn),
}

/// Codes and the dictionary they belong to.
#[derive(Debug)]
pub(crate) struct TextStore {
    pub(crate) column: TextColumn,
    pub(crate) interner: Interner,
    pub(crate) handling: MultiValueHandling,
    list: Vec<u32>,
    text: Vec<u8>,
    /// Whether a null inside a list is the text that it prints as.
    prints_nulls: bool,
    max_value_bytes: usize,
}

impl TextStore {
    pub(crate) fn new(handling: MultiValueHandling) -> TextStore {
        TextStore {
            column: TextColumn::default(),
            interner: Interner::new(),
            handling,
            list: Vec::new(),
            text: Vec::new(),
            prints_nulls: false,
            max_value_bytes: MAX_VALUE_BYTES,
        }
    }

    /// With the limit of who reads the texts.
    pub(crate) fn used_as(self, used_as: Use) -> TextStore {
        match used_as {
            Use::Dimension => self,
            Use::Metric => TextStore { max_value_bytes: MAX_METRIC_TEXT_BYTES, ..self },
        }
    }

    /// Lists as they come, each value as the text that it prints as.
    pub(crate) fn printing_nulls() -> TextStore {
        TextStore { prints_nulls: true, ..TextStore::new(MultiValueHandling::Array) }
    }

    /// Adds a row of one text.
    #[inline]
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        if bytes.len() > self.max_value_bytes {
            return Err(Trouble::Reject(Reason::ValueTooLong));
        }
        let code = self.interner.intern_bytes(bytes)?;
        self.column.push(code);
        Ok(())
    }

    /// Adds a row of one text.
    #[inline(always)]
    pub(crate) fn push_text(&mut self, text: &Text<'_>) -> Result<(), Trouble> {
        let code = match &text.short {
            Some(short) => self.interner.intern_short(short)?,
            None => return self.push_bytes(text.bytes),
        };
        self.column.push(code);
        Ok(())
    }

    pub(crate) fn push_long(&mut self, value: i64) {
        self.text.clear();
        dialect::print::long(&mut self.text, value);
        self.push_printed();
    }

    pub(crate) fn push_double(&mut self, value: f64) {
        self.text.clear();
        dialect::print::double(&mut self.text, value);
        self.push_printed();
    }

    fn push_printed(&mut self) {
        let code = self.interner.intern_bytes(&self.text).unwrap_or(NULL_CODE);
        self.column.push(code);
    }

    /// The parts of a list are added one by one, then [`TextStore::end_list`] makes them a row.
    pub(crate) fn begin_list(&mut self) {
        self.list.clear();
    }

    pub(crate) fn list_bytes(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        if bytes.len() > self.max_value_bytes {
            return Err(Trouble::Reject(Reason::ValueTooLong));
        }
        self.list.push(self.interner.intern_bytes(bytes)?);
        Ok(())
    }

    #[inline(always)]
    pub(crate) fn list_text(&mut self, text: &Text<'_>) -> Result<(), Trouble> {
        match &text.short {
            Some(short) => self.list.push(self.interner.intern_short(short)?),
            None => self.list_bytes(text.bytes)?,
        }
        Ok(())
    }

    fn list_null(&mut self) -> Result<(), Trouble> {
        if self.prints_nulls {
            return self.list_bytes(b"null");
        }
        self.list.push(NULL_CODE);
        Ok(())
    }

    pub(crate) fn end_list(&mut self) {
        match self.list[..] {
            [] => self.column.push_list(&[]),
            [code] => self.column.push(code),
            _ => {
                if self.handling != MultiValueHandling::Array {
                    let interner = &self.interner;
                    let order = |a: &u32, b: &u32| dialect::order::compare_nullable(interner.get(*a), interner.get(*b));
                    self.list.sort_by(order);
                }
                if self.handling == MultiValueHandling::SortedSet {
                    self.list.dedup();
                }
                match self.list[..] {
                    [code] => self.column.push(code),
                    _ => self.column.push_list(&self.list),
                }
            }
        }
    }

    pub(crate) fn put(&mut self, cell: &Cell<'_>) -> Result<(), Trouble> {
        match cell {
            Cell::Null => self.column.push(NULL_CODE),
            Cell::Text(text) => self.push_bytes(text.as_bytes())?,
            Cell::Long(value) => self.push_long(*value),
            Cell::Double(value) => self.push_double(*value),
            Cell::Bool(_) | Cell::Map(_) => self.push_bytes(cell.to_text().as_bytes())?,
            Cell::List(items) => {
                self.begin_list();
                for item in items {
                    match item {
                        Cell::Null => self.list_null()?,
                        Cell::Text(text) => self.list_bytes(text.as_bytes())?,
                        other => self.list_bytes(other.to_text().as_bytes())?,
                    }
                }
                self.end_list();
            }
        }
        Ok(())
    }
}

/// Why a value could not be put into a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The row goes on with null in this field; the text says why.
    Field(String),
    /// The row must go.
    Reject(Reason),
    /// The bytes are no text.
    NotUtf8,
}

impl From<NotUtf8> for Trouble {
    fn from(_: NotUtf8) -> Trouble {
        Trouble::NotUtf8
    }
}

impl Slot {
    /// Adds a row. After `Trouble::Field` the row is there, as null; after the others it is not.
    pub(crate) fn put(&mut self, cell: &Cell<'_>) -> Result<(), Trouble> {
        let (name, used_as) = (&self.name, self.used_as);
        match &mut self.store {
            Store::Text(store) => return store.put(cell),
            Store::Mixed(column) => return column.put(cell),
            Store::Long(column) => put_number(column, to_long(name, used_as, cell)),
            Store::Double(column) => {
                put_number(column, to_double(name, used_as, cell, "double", read::double, Number::to_double))
            }
            Store::Float(column) => {
                put_number(column, to_double(name, used_as, cell, "float", read::float, Number::to_float))
            }
        }
        .map_err(Trouble::Field)
    }

    pub(crate) fn len(&self) -> usize {
        match &self.store {
            Store::Text(store) => store.column.len(),
            Store::Long(column) => column.len(),
            Store::Double(column) => column.len(),
            Store::Float(column) => column.len(),
            Store::Mixed(column) => column.len(),
        }
    }

    #[inline]
    pub(crate) fn push_null(&mut self) {
        match &mut self.store {
            Store::Text(store) => store.column.push(NULL_CODE),
            Store::Long(column) => column.push_null(),
            Store::Double(column) => column.push_null(),
            Store::Float(column) => column.push_null(),
            Store::Mixed(column) => column.push_null(),
        }
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        match &mut self.store {
            Store::Text(store) => store.column.truncate(rows),
            Store::Long(column) => column.truncate(rows),
            Store::Double(column) => column.truncate(rows),
            Store::Float(column) => column.truncate(rows),
            Store::Mixed(column) => column.truncate(rows),
        }
    }

    /// Drops the rows; what was learned about values stays.
    pub(crate) fn clear(&mut self) {
        match &mut self.store {
            Store::Text(store) => {
                store.column.clear();
                store.interner.renew_if_large();
            }
            Store::Long(column) => column.clear(),
            Store::Double(column) => column.clear(),
            Store::Float(column) => column.clear(),
            Store::Mixed(column) => column.clear(),
        }
    }
}

fn put_number<T: Copy + Default>(column: &mut NumberColumn<T>, value: Result<Option<T>, String>) -> Result<(), String> {
    match value {
        Ok(value) => {
            column.push_option(value);
            Ok(())
        }
        Err(why) => {
            column.push_null();
            Err(why)
        }
    }
}

fn to_long(name: &str, used_as: Use, cell: &Cell<'_>) -> Result<Option<i64>, String> {
    Ok(Some(match cell {
        Cell::Null => return Ok(None),
        Cell::Long(value) => *value,
        Cell::Double(value) => Number::Double(*value).to_long(),
        Cell::Bool(value) if used_as == Use::Dimension => i64::from(*value),
        Cell::Text(text) if used_as == Use::Dimension => {
            read::long(text).ok_or_else(|| not_convertible(text, "long", name))?
        }
        Cell::Text(text) => metric_text(name, text)?.to_long(),
        other => return Err(unknown_class(name, used_as, other)),
    }))
}

fn to_double<T>(
    name: &str,
    used_as: Use,
    cell: &Cell<'_>,
    wanted: &str,
    of_text: fn(&str) -> Option<T>,
    of_number: fn(Number) -> T,
) -> Result<Option<T>, String> {
    Ok(Some(match cell {
        Cell::Null => return Ok(None),
        Cell::Long(value) => of_number(Number::Long(*value)),
        Cell::Double(value) => of_number(Number::Double(*value)),
        Cell::Bool(value) if used_as == Use::Dimension => of_number(Number::Long(i64::from(*value))),
        Cell::Text(text) if used_as == Use::Dimension => {
            of_text(text).ok_or_else(|| not_convertible(text, wanted, name))?
        }
        Cell::Text(text) => of_number(metric_text(name, text)?),
        other => return Err(unknown_class(name, used_as, other)),
    }))
}

fn metric_text(name: &str, text: &str) -> Result<Number, String> {
    read::metric(text).ok_or_else(|| format!("Unable to parse value[{}] for field[{name}]", shown(text)))
}

fn not_convertible(text: &str, wanted: &str, name: &str) -> String {
    format!("Could not convert value [{}] to {wanted} for dimension [{name}].", shown(text))
}

fn unknown_class(name: &str, used_as: Use, cell: &Cell<'_>) -> String {
    match used_as {
        Use::Dimension => format!("Could not convert a {} to a number for dimension [{name}].", cell.class()),
        Use::Metric => format!("Unknown type[{}] for field[{name}]", cell.class()),
    }
}

/// A value as a message shows it.
fn shown(text: &str) -> &str {
    let mut end = text.len().min(256);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
