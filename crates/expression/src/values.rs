//! Columns of values read as columns of text, of numbers or of arrays: once per entry of their dictionary.

use std::sync::Arc;

use aggregate::{ColumnType, Shape, cast};
use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array};
use dialect::value::{self, Value};
use segment::{ArrayColumn, ColumnRef, narrow, widen};

use crate::by_codes::decoded;
use crate::columns::Remapped;
use crate::dictionaries::{Interner, Mapped, map};
use crate::expr::{Kind, Scalar};
use crate::{Error, Result};

/// The value of a key; what is no key is null.
pub(crate) fn of_key(key: Option<&str>) -> Value<'_> {
    value::of_key(key).unwrap_or(Value::Null)
}

/// A scalar as text, as Java prints it. Nested data and arrays have none.
pub(crate) fn scalar_text(value: Value<'_>) -> Option<String> {
    match value {
        Value::Json(_) => None,
        value => match cast(value, Shape::String) {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        },
    }
}

/// As `scalar_text`, arrays in brackets.
pub(crate) fn shown_text(value: Value<'_>) -> Option<String> {
    match value {
        Value::Array(items) => {
            let items = items.into_iter().map(|item| scalar_text(item).unwrap_or_else(|| "null".into()));
            Some(format!("[{}]", items.collect::<Vec<_>>().join(", ")))
        }
        value => scalar_text(value),
    }
}

/// A column of values as one of texts or numbers, as its type says; other columns stay. Nested data are texts where
/// they are scalars. Fails for arrays.
pub fn plain(column: ColumnRef) -> Result<ColumnRef> {
    match column.column_type() {
        ColumnType::Value(Shape::Long) => as_type(&column, &ColumnType::Long),
        ColumnType::Value(Shape::Double) => as_type(&column, &ColumnType::Double),
        ColumnType::Value(_) => as_type(&column, &ColumnType::String),
        _ => Ok(column),
    }
}

/// A column of values in another type. Fails for arrays that are to be scalars and scalars that are to be arrays.
pub(crate) fn as_type(column: &ColumnRef, to: &ColumnType) -> Result<ColumnRef> {
    let from = column.column_type();
    let ColumnType::Value(shape) = from else { return Ok(column.clone()) };
    let refused = || Error::invalid(format!("a column of type {from} cannot be read as {to}"));
    match to {
        _ if *to == from => Ok(column.clone()),
        ColumnType::State(_) => Err(refused()),
        ColumnType::Value(Shape::Json) => Ok(column.clone()),
        ColumnType::Value(array) if shape.is_array() && array.is_array() => cast_entries(column, *array),
        ColumnType::Value(_) => Err(refused()),
        _ if shape.is_array() => Err(refused()),
        ColumnType::String if shape == Shape::Double => texts(column, |value| scalar_text(cast(value, Shape::Double))),
        ColumnType::String => texts(column, scalar_text),
        number => numbers(column, number),
    }
}

/// Every entry as a text.
pub(crate) fn texts(column: &ColumnRef, text: fn(Value<'_>) -> Option<String>) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return Ok(column.clone()) };
    let mapped = map(&*dictionary, |key| Some(text(of_key(key))))?;
    Ok(Arc::new(Remapped::new(column.clone(), mapped, false)))
}

/// Every entry as a number, null where it is none.
pub(crate) fn numbers(column: &ColumnRef, to: &ColumnType) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return Ok(column.clone()) };
    let entries = (0u32..).take(dictionary.len()).map(|code| of_key(dictionary.get(code)));
    Ok(decoded(column.clone(), to.clone(), numbers_of(entries, to)))
}

/// Values as an array of longs, doubles or floats.
pub(crate) fn numbers_of<'a>(values: impl Iterator<Item = Value<'a>>, to: &ColumnType) -> ArrayRef {
    let double = |value| match cast(value, Shape::Double) {
        Value::Double(value) => Some(value),
        _ => None,
    };
    match to {
        ColumnType::Double => Arc::new(values.map(double).collect::<Float64Array>()),
        ColumnType::Float => Arc::new(values.map(|v| double(v).map(|v| v as f32)).collect::<Float32Array>()),
        _ => {
            let long = |value| match cast(value, Shape::Long) {
                Value::Long(value) => Some(value),
                _ => None,
            };
            Arc::new(values.map(long).collect::<Int64Array>())
        }
    }
}

/// Every entry cast to a shape.
pub(crate) fn cast_entries(column: &ColumnRef, to: Shape) -> Result<ColumnRef> {
    remapped(column, to, |key| value::key(&cast(of_key(key), to)))
}

/// Every entry's key made into another.
pub(crate) fn remapped(
    column: &ColumnRef,
    shape: Shape,
    change: impl Fn(Option<&str>) -> Option<String>,
) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return Ok(column.clone()) };
    let mapped = map(&*dictionary, |key| Some(change(key)))?;
    Ok(Arc::new(Remapped::of_values(column.clone(), mapped, shape)))
}

/// The rows of a multi-value column as arrays of texts; a row without value is null.
pub(crate) fn arrays_of_lists(column: &ColumnRef, num_rows: usize, to: Shape) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return Ok(column.clone()) };
    let text = |code: &u32| dictionary.get(*code).map_or(Value::Null, |text| Value::Text(text.into()));
    let array = column.read(0..num_rows);
    let lists = array.as_list::<i32>();
    let codes = widen(&**lists.values()).unwrap_or_default();
    let mut interner = Interner::default();
    let mut rows = Vec::with_capacity(num_rows);
    for ends in lists.value_offsets().windows(2) {
        let held = &codes[ends[0] as usize..ends[1] as usize];
        let key = match held {
            [] => None,
            [one] if dictionary.get(*one).is_none() => None,
            held => value::key(&cast(Value::Array(held.iter().map(text).collect()), to)),
        };
        rows.push(interner.code(key.as_deref())?);
    }
    of_codes(interner, rows, to)
}

/// Codes given out by an interner of keys, as a column.
pub(crate) fn of_codes(mut interner: Interner, mut rows: Vec<u32>, shape: Shape) -> Result<ColumnRef> {
    interner.code(None)?;
    let (dictionary, places) = interner.finish()?;
    rows.iter_mut().for_each(|code| *code = places[*code as usize]);
    let column = ArrayColumn::coded(narrow(&rows, places.len()), dictionary);
    let column = column.map_err(|error| Error::invalid(error.to_string()))?;
    Ok(Arc::new(column.of_values(shape)))
}

/// Mapped codes and a dictionary of keys.
pub(crate) fn of_mapped(inner: ColumnRef, mapped: Mapped, shape: Shape) -> ColumnRef {
    Arc::new(Remapped::of_values(inner, mapped, shape))
}

/// The value as an expression has it.
pub(crate) fn scalar(value: Value<'_>) -> Scalar<'_> {
    match value {
        Value::Null => Scalar::Null,
        Value::Long(value) => Scalar::Long(value),
        Value::Double(value) => Scalar::Double(value),
        Value::Text(text) => Scalar::Text(text),
        Value::Json(text) => Scalar::Json(text),
        Value::Array(items) => {
            let mut shapes = items.iter().filter_map(Shape::of_value);
            let first = shapes.next();
            if first.is_some_and(|first| shapes.any(|shape| shape != first)) {
                // An array of one type would change what it holds.
                return Scalar::Json(value::canonical(&value::to_json(&Value::Array(items))).into());
            }
            Scalar::array(items.into_iter().map(|item| scalar(item).into_owned()).collect(), Kind::Long)
        }
    }
}

/// A value of an expression as a value to be kept. Arrays that hold arrays are nested data.
pub(crate) fn of_scalar<'a>(scalar: &'a Scalar<'_>) -> Value<'a> {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Long(value) => Value::Long(*value),
        Scalar::Double(value) => Value::Double(*value),
        Scalar::Text(text) => Value::Text(text.as_ref().into()),
        Scalar::Json(text) => Value::Json(text.as_ref().into()),
        Scalar::Array(array) => {
            let is_flat = array.items.iter().all(|item| !matches!(item, Scalar::Array(_) | Scalar::Json(_)));
            match is_flat {
                true => Value::Array(array.items.iter().map(of_scalar).collect()),
                false => {
                    let items: Vec<_> = array.items.iter().map(|item| value::to_json(&of_scalar(item))).collect();
                    Value::Json(value::canonical(&items.into()).into())
                }
            }
        }
    }
}
