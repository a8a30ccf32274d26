//! Columns whose type is not declared: values are kept as they came until the batch is whole.

use aggregate::{Survey, cast};
use dialect::value::{self, Value};
use expression::{Kind, Scalar, Vector};

use super::cell::Cell;
use super::column::{NumberColumn, TextColumn};
use super::interner::{Interner, NULL_CODE};
use super::reject::Reason;
pub(crate) use super::seen::Declared;
use super::seen::Seen;
use super::slot::{MAX_VALUE_BYTES, Trouble};
use crate::spec::DimensionType;

/// Bytes that an array or nested data may have as a key.
const MAX_KEY_BYTES: usize = 1 << 20;

/// The type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Null,
    Bool,
    Long,
    Double,
    Text,
    List,
    /// An array or nested data, by its key.
    Value,
}

/// The type that all values of a column can be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Common {
    Nothing,
    Long,
    Double,
    Text,
}

/// Values of any type.
#[derive(Debug, Default)]
pub(crate) struct MixedColumn {
    tags: Vec<Tag>,
    /// The bits of a number or boolean, the code of a text, the index of a list.
    words: Vec<u64>,
    lists: Vec<Vec<u32>>,
    interner: Interner,
    /// Arrays and nested data are kept as such.
    declared: Option<Declared>,
    /// Of the arrays and nested data of these rows.
    others: Survey,
    /// The row that last had one, and what there was of them before.
    before: (usize, Survey),
}

/// A mixed column read as its common type.
#[derive(Debug, Default)]
pub(crate) enum Resolved {
    #[default]
    Nothing,
    Long(NumberColumn<i64>),
    Double(NumberColumn<f64>),
    Text(TextColumn),
    /// Keys of values.
    Values(TextColumn),
}

/// A mixed column taken apart; each part has all rows, null where the value is of another type. A part
/// without values is absent.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) longs: Option<NumberColumn<i64>>,
    pub(crate) doubles: Option<NumberColumn<f64>>,
    /// Texts, lists and booleans.
    pub(crate) texts: Option<TextColumn>,
}

impl MixedColumn {
    /// A column of arrays and nested data too.
    pub(crate) fn of_values(declared: Declared) -> MixedColumn {
        MixedColumn { declared: Some(declared), ..MixedColumn::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.tags.len()
    }

    pub(crate) fn interner(&self) -> &Interner {
        &self.interner
    }

    pub(crate) fn push_null(&mut self) {
        self.push(Tag::Null, 0);
    }

    pub(crate) fn push_long(&mut self, value: i64) {
        self.push(Tag::Long, value as u64);
    }

    pub(crate) fn push_double(&mut self, value: f64) {
        self.push(Tag::Double, value.to_bits());
    }

    pub(crate) fn push_bool(&mut self, value: bool) {
        self.push(Tag::Bool, u64::from(value));
    }

    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let code = self.code(bytes)?;
        self.push(Tag::Text, u64::from(code));
        Ok(())
    }

    fn push(&mut self, tag: Tag, word: u64) {
        self.tags.push(tag);
        self.words.push(word);
    }

    fn code(&mut self, bytes: &[u8]) -> Result<u32, Trouble> {
        if bytes.len() > MAX_VALUE_BYTES {
            return Err(Trouble::Reject(Reason::ValueTooLong));
        }
        Ok(self.interner.intern_bytes(bytes)?)
    }

    pub(crate) fn put(&mut self, cell: &Cell<'_>) -> Result<(), Trouble> {
        match cell {
            Cell::Null => self.push_null(),
            Cell::Bool(value) => self.push_bool(*value),
            Cell::Long(value) => self.push_long(*value),
            Cell::Double(value) => self.push_double(*value),
            Cell::Text(text) => self.push_bytes(text.as_bytes())?,
            Cell::List(_) | Cell::Map(_) if self.declared.is_some() => self.push_value(cell)?,
            Cell::Map(_) => self.push_bytes(cell.to_text().as_bytes())?,
            Cell::List(items) => {
                let mut codes = Vec::with_capacity(items.len());
                for item in items {
                    codes.push(match item {
                        Cell::Null => NULL_CODE,
                        Cell::Text(text) => self.code(text.as_bytes())?,
                        other => self.code(other.to_text().as_bytes())?,
                    });
                }
                self.lists.push(codes);
                self.push(Tag::List, self.lists.len() as u64 - 1);
            }
        }
        Ok(())
    }

    fn push_value(&mut self, cell: &Cell<'_>) -> Result<(), Trouble> {
        let is_json = self.declared.is_some_and(|declared| declared.is_json);
        let value = if is_json { value_of(cell) } else { with_numbers(value_of(cell), cell) };
        let key = value::key(&value).unwrap_or_default();
        if key.len() > MAX_KEY_BYTES {
            return Err(Trouble::Reject(Reason::ValueTooLong));
        }
        let code = self.interner.intern_bytes(key.as_bytes())?;
        self.before = (self.len(), self.others);
        self.others.add(&value);
        self.push(Tag::Value, u64::from(code));
        Ok(())
    }

    pub(crate) fn truncate(&mut self, rows: usize) {
        self.tags.truncate(rows);
        self.words.truncate(rows);
        if rows <= self.before.0 {
            self.others = self.before.1;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.truncate(0);
        self.lists.clear();
        (self.others, self.before) = Default::default();
        self.interner.renew_if_large();
    }

    /// The least type that holds these rows; lists count as texts, booleans as longs.
    pub(crate) fn common(&self) -> Common {
        let common = |tag: &Tag| match tag {
            Tag::Null => Common::Nothing,
            Tag::Bool | Tag::Long => Common::Long,
            Tag::Double => Common::Double,
            Tag::Text | Tag::List | Tag::Value => Common::Text,
        };
        self.tags.iter().map(common).max().unwrap_or(Common::Nothing)
    }

    /// The long of a row whose common type is long.
    pub(crate) fn long(&self, row: usize) -> Option<i64> {
        match self.tags[row] {
            Tag::Bool | Tag::Long => Some(self.words[row] as i64),
            _ => None,
        }
    }

    /// The number of a row as a double.
    pub(crate) fn double(&self, row: usize) -> Option<f64> {
        match self.tags[row] {
            Tag::Bool | Tag::Long => Some(self.words[row] as i64 as f64),
            Tag::Double => Some(f64::from_bits(self.words[row])),
            _ => None,
        }
    }

    /// The text codes of a row, in `list` when there are several; numbers are printed.
    fn codes(&mut self, row: usize, text: &mut Vec<u8>) -> Codes {
        text.clear();
        match self.tags[row] {
            Tag::Null => return Codes::One(NULL_CODE),
            Tag::Text | Tag::Value => return Codes::One(self.words[row] as u32),
            Tag::List => return Codes::List(self.words[row] as usize),
            Tag::Bool => text.extend_from_slice(if self.words[row] == 1 { b"true" } else { b"false" }),
            Tag::Long => dialect::print::long(text, self.words[row] as i64),
            Tag::Double => dialect::print::double(text, f64::from_bits(self.words[row])),
        }
        Codes::One(self.interner.intern_bytes(text).unwrap_or(NULL_CODE))
    }

    /// The values as an expression reads them; booleans are texts, of which `true` is true.
    pub(crate) fn vector(&self) -> Vector {
        let kinds = |tag: &Tag| matches!(tag, Tag::Bool | Tag::List);
        match self.common() {
            Common::Nothing => Vector::nulls(self.len()),
            _ if self.tags.iter().any(kinds) => self.mixed(),
            Common::Long => Vector::Long((0..self.len()).map(|row| self.long(row)).collect()),
            Common::Double if !self.tags.contains(&Tag::Long) => {
                Vector::Double((0..self.len()).map(|row| self.double(row)).collect())
            }
            Common::Text if !self.tags.iter().any(|tag| matches!(tag, Tag::Long | Tag::Double)) => {
                let text = |row: usize| self.interner.get(self.words[row] as u32);
                Vector::Text(
                    (0..self.len()).map(|row| (self.tags[row] == Tag::Text).then(|| text(row)).flatten()).collect(),
                )
            }
            _ => self.mixed(),
        }
    }

    fn mixed(&self) -> Vector {
        let text = |code: u32| match self.interner.get(code) {
            Some(text) => Scalar::text(text.to_owned()),
            None => Scalar::Null,
        };
        let value = |row: usize| match self.tags[row] {
            Tag::Null => Scalar::Null,
            Tag::Bool => Scalar::text(if self.words[row] == 1 { "true" } else { "false" }),
            Tag::Long => Scalar::Long(self.words[row] as i64),
            Tag::Double => Scalar::Double(f64::from_bits(self.words[row])),
            Tag::Text | Tag::Value => text(self.words[row] as u32),
            Tag::List => match self.lists[self.words[row] as usize][..] {
                [] => Scalar::Null,
                [code] => text(code),
                ref codes => Scalar::array(codes.iter().map(|&code| text(code)).collect(), Kind::Text),
            },
        };
        Vector::Mixed((0..self.len()).map(value).collect())
    }

    /// The types of these rows; booleans are longs.
    pub(crate) fn seen(&self) -> Seen {
        let has = |wanted: &[Tag]| self.tags.iter().any(|tag| wanted.contains(tag));
        Seen {
            longs: has(&[Tag::Bool, Tag::Long]),
            doubles: has(&[Tag::Double]),
            texts: has(&[Tag::Text]),
            others: self.others,
        }
    }

    /// What the column is when such types were seen.
    pub(crate) fn type_of(&self, seen: Seen) -> DimensionType {
        seen.dimension_type(self.declared.unwrap_or_default())
    }

    /// The rows as the type of the column.
    pub(crate) fn resolve(&mut self, seen: Seen) -> Resolved {
        let declared = self.declared.unwrap_or_default();
        if declared.cast_to.is_some() && !self.tags.iter().all(|tag| *tag == Tag::Null) {
            return self.cast_values(seen);
        }
        match seen.dimension_type(declared) {
            DimensionType::Json | DimensionType::Values(_) => {
                Resolved::Values(self.values(|value| seen.survey().kept(value)))
            }
            DimensionType::Long => {
                let mut column = NumberColumn::default();
                (0..self.len()).for_each(|row| column.push_option(self.long(row)));
                Resolved::Long(column)
            }
            DimensionType::Double => {
                let mut column = NumberColumn::default();
                (0..self.len()).for_each(|row| column.push_option(self.double(row)));
                Resolved::Double(column)
            }
            _ if seen == Seen::default() => Resolved::Nothing,
            _ => Resolved::Text(self.texts()),
        }
    }

    /// The value of a row; booleans are numbers, but in nested data.
    fn value(&self, row: usize) -> Value<'_> {
        let text = |word: u64| self.interner.get(word as u32);
        match self.tags[row] {
            Tag::Null | Tag::List => Value::Null,
            Tag::Bool if self.declared.is_some_and(|declared| declared.is_json) => {
                Value::Json(if self.words[row] == 1 { "true" } else { "false" }.into())
            }
            Tag::Bool | Tag::Long => Value::Long(self.words[row] as i64),
            Tag::Double => Value::Double(f64::from_bits(self.words[row])),
            Tag::Text => text(self.words[row]).map_or(Value::Null, |text| Value::Text(text.into())),
            Tag::Value => value::of_key(text(self.words[row])).unwrap_or(Value::Null),
        }
    }

    /// The keys of the rows.
    fn values(&mut self, change: impl Fn(Value<'_>) -> Value<'_>) -> TextColumn {
        let mut column = TextColumn::default();
        let mut key = String::new();
        for row in 0..self.len() {
            key.clear();
            let has_value = value::write_key(&change(self.value(row)), &mut key);
            let code =
                if has_value { self.interner.intern_bytes(key.as_bytes()).unwrap_or(NULL_CODE) } else { NULL_CODE };
            column.push(code);
        }
        column
    }

    /// The rows cast to the type that the spec names; what cannot be it is null.
    fn cast_values(&mut self, seen: Seen) -> Resolved {
        let declared = self.declared.unwrap_or_default();
        let Some(shape) = declared.cast_to else { return Resolved::Nothing };
        let rows = 0..self.len();
        match seen.dimension_type(declared) {
            DimensionType::Long => {
                let mut column = NumberColumn::default();
                for row in rows {
                    let value = cast(self.value(row), shape);
                    column.push_option(if let Value::Long(value) = value { Some(value) } else { None });
                }
                Resolved::Long(column)
            }
            DimensionType::Double => {
                let mut column = NumberColumn::default();
                for row in rows {
                    let value = cast(self.value(row), shape);
                    column.push_option(if let Value::Double(value) = value { Some(value) } else { None });
                }
                Resolved::Double(column)
            }
            DimensionType::String => {
                let mut column = TextColumn::default();
                for row in rows {
                    let text = match cast(self.value(row), shape) {
                        Value::Text(text) => Some(text.into_owned()),
                        _ => None,
                    };
                    column.push(
                        text.map_or(NULL_CODE, |text| self.interner.intern_bytes(text.as_bytes()).unwrap_or(NULL_CODE)),
                    );
                }
                Resolved::Text(column)
            }
            _ => Resolved::Values(self.values(|value| cast(value, shape))),
        }
    }

    /// The rows by the types of their values.
    pub(crate) fn by_type(&mut self) -> Values {
        let has = |wanted: &[Tag]| self.tags.iter().any(|tag| wanted.contains(tag));
        let of = |tag: Tag| self.tags.iter().zip(&self.words).map(move |(t, word)| (*t == tag).then_some(*word));
        let longs = has(&[Tag::Long]).then(|| {
            let mut column = NumberColumn::default();
            of(Tag::Long).for_each(|word| column.push_option(word.map(|word| word as i64)));
            column
        });
        let doubles = has(&[Tag::Double]).then(|| {
            let mut column = NumberColumn::default();
            of(Tag::Double).for_each(|word| column.push_option(word.map(f64::from_bits)));
            column
        });
        let texts = has(&[Tag::Text, Tag::List, Tag::Bool]);
        let texts = texts.then(|| self.texts_where(|tag| !matches!(tag, Tag::Long | Tag::Double)));
        Values { longs, doubles, texts }
    }

    fn texts(&mut self) -> TextColumn {
        self.texts_where(|_| true)
    }

    /// The texts of the rows with such values, the others null.
    fn texts_where(&mut self, wanted: impl Fn(Tag) -> bool) -> TextColumn {
        let mut column = TextColumn::default();
        let mut text = Vec::new();
        for row in 0..self.len() {
            if !wanted(self.tags[row]) {
                column.push(NULL_CODE);
                continue;
            }
            match self.codes(row, &mut text) {
                Codes::One(code) => column.push(code),
                Codes::List(at) => match self.lists[at][..] {
                    [] => column.push_list(&[]),
                    [code] => column.push(code),
                    _ => column.push_list(&self.lists[at]),
                },
            }
        }
        column
    }
}

/// A cell as a value.
fn value_of<'a>(cell: &'a Cell<'_>) -> Value<'a> {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(value) => Value::Json(if *value { "true" } else { "false" }.into()),
        Cell::Long(value) => Value::Long(*value),
        Cell::Double(value) => Value::Double(*value),
        Cell::Text(text) => Value::Text(text.as_ref().into()),
        Cell::List(items) => {
            let is_flat = |item: &Cell<'_>| !matches!(item, Cell::Bool(_) | Cell::List(_) | Cell::Map(_));
            match items.iter().all(is_flat) {
                true => Value::Array(items.iter().map(value_of).collect()),
                false => Value::Json(value::canonical(&cell.to_json()).into()),
            }
        }
        Cell::Map(_) => Value::Json(value::canonical(&cell.to_json()).into()),
    }
}

/// An array of scalars whose booleans are numbers, as arrays hold them that are no nested data.
fn with_numbers<'a>(value: Value<'a>, cell: &'a Cell<'_>) -> Value<'a> {
    let (Value::Json(_), Cell::List(items)) = (&value, cell) else { return value };
    if items.iter().any(|item| matches!(item, Cell::List(_) | Cell::Map(_))) {
        return value;
    }
    let item = |item: &'a Cell<'_>| match item {
        Cell::Bool(value) => Value::Long((*value).into()),
        other => value_of(other),
    };
    Value::Array(items.iter().map(item).collect())
}

enum Codes {
    One(u32),
    List(usize),
}
