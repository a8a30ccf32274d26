//! Literals of nested data by the columns of their paths, where these tell all.

use std::sync::Arc;

use aggregate::{ColumnType, Shape};
use arrow_array::ArrayRef;
use dialect::path::{JsonPath, Step, place};
use dialect::value::{self, Value};
use segment::{ColumnRef, Field, Fields, SegmentRef};

use crate::by_codes::decoded;
use crate::columns::{Cast, nulls};
use crate::dimension_spec::text_of_numbers;
use crate::{Result, values};

/// The literals at a path.
pub(crate) enum Literals {
    /// Longs, doubles, texts, or values where they are arrays or of several types.
    Column(ColumnRef),
    /// No row has one.
    Nothing,
}

/// The literals at a path of a column; an element of an array has the type of the array. `None` when the documents
/// have to be asked.
pub(crate) fn literals(column: &ColumnRef, path: &JsonPath) -> Result<Option<Literals>> {
    let Some(fields) = column.fields() else { return Ok(None) };
    let Some((Step::Element(at), whole)) = path.0.split_last() else { return Ok(at_end(&*fields, path)) };
    let whole = JsonPath(whole.to_vec());
    match at_end(&*fields, &whole) {
        Some(Literals::Column(arrays)) if may_hold_arrays(&arrays) => {
            if fields.paths().iter().any(|path| is_element(path, &whole)) {
                return Ok(None);
            }
            element(&arrays, *at).map(Literals::Column).map(Some)
        }
        Some(_) => Ok(at_end(&*fields, path)),
        None => Ok(None),
    }
}

/// As `literals`, but where elements of arrays keep their own types.
pub(crate) fn uncast_literals(column: &ColumnRef, path: &JsonPath) -> Option<Literals> {
    let fields = column.fields()?;
    if let Some((Step::Element(_), whole)) = path.0.split_last() {
        match at_end(&*fields, &JsonPath(whole.to_vec()))? {
            Literals::Column(arrays) if may_hold_arrays(&arrays) => return None,
            _ => {}
        }
    }
    at_end(&*fields, path)
}

fn at_end(fields: &dyn Fields, path: &JsonPath) -> Option<Literals> {
    match fields.find(path) {
        Field::Column(column) => Some(Literals::Column(column)),
        Field::Nothing => Some(Literals::Nothing),
        Field::Unknown => None,
    }
}

fn may_hold_arrays(column: &ColumnRef) -> bool {
    matches!(column.column_type(), ColumnType::Value(shape) if shape.is_array() || shape == Shape::Json)
}

/// Whether the path is of an element of the array, or below one.
fn is_element(path: &JsonPath, array: &JsonPath) -> bool {
    path.0.strip_prefix(array.0.as_slice()).is_some_and(|rest| matches!(rest.first(), Some(Step::Element(_))))
}

fn element(arrays: &ColumnRef, at: i64) -> Result<ColumnRef> {
    values::remapped(arrays, Shape::Json, |key| match values::of_key(key) {
        Value::Array(mut items) => value::key(&items.swap_remove(place(at, items.len())?)),
        _ => None,
    })
}

/// The literals in the type expected. `None` when only the documents can be read as that.
pub(crate) fn expected(literals: &Literals, to: &ColumnType, segment: &SegmentRef) -> Result<Option<ColumnRef>> {
    let Literals::Column(column) = literals else { return nulls(to, segment.num_rows()).map(Some) };
    Ok(Some(match (column.column_type(), to) {
        (from @ (ColumnType::Long | ColumnType::Double | ColumnType::String), to) if from == *to => column.clone(),
        (_, ColumnType::State(_) | ColumnType::Value(Shape::Json)) => return Ok(None),
        (ColumnType::Value(_), ColumnType::String) => values::texts(column, values::shown_text)?,
        (ColumnType::Value(_), ColumnType::Value(array)) => values::cast_entries(column, *array)?,
        (ColumnType::Value(_), number) => values::numbers(column, number)?,
        (_, ColumnType::Value(_)) => return Ok(None),
        (ColumnType::String, number) => numbers_of_texts(column, number)?,
        (_, ColumnType::String) => text_of_numbers(column, segment, None)?,
        (_, ColumnType::Float) => {
            let doubles: ColumnRef = Arc::new(Cast::new(column.clone(), ColumnType::Double));
            Arc::new(Cast::new(doubles, ColumnType::Float))
        }
        _ => Arc::new(Cast::new(column.clone(), to.clone())),
    }))
}

/// Each text as a number, as a value of its own is read.
fn numbers_of_texts(column: &ColumnRef, to: &ColumnType) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return nulls(to, 0) };
    let text = |code| dictionary.get(code).map_or(Value::Null, |text| Value::Text(text.into()));
    let array: ArrayRef = values::numbers_of((0u32..).take(dictionary.len()).map(text), to);
    Ok(decoded(column.clone(), to.clone(), array))
}

#[cfg(test)]
mod tests;
