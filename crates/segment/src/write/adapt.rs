//! Columns of a type that has changed, read as the type it has now.

use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, cast};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, StringArray};
use dialect::value::{self, Value};

use super::ReadColumn;
use crate::batch_view::string_column;
use crate::codes::widen;
use crate::{Column, Error, Result, Shape};

/// The column as the type asked for: numbers become text and text numbers as ingestion would read them,
/// null where that cannot be. Fails between states and anything else.
pub(super) fn adapted(column: ReadColumn, target: &ColumnType) -> Result<ReadColumn> {
    if column.column_type == *target {
        return Ok(column);
    }
    if matches!(column.column_type, ColumnType::Value(_)) && !matches!(target, ColumnType::Value(_)) {
        return adapted(as_texts(&column)?, target);
    }
    let refused = || Error::Unsupported(format!("a column of type {} read as {target}", column.column_type));
    let array: ArrayRef = match target {
        ColumnType::State(_) => return Err(refused()),
        ColumnType::Value(shape) => return as_values(&column, *shape).ok_or_else(refused)?,
        ColumnType::String => {
            let texts = string_column(&texts(&column).ok_or_else(refused)?)?;
            let array = texts.array().clone();
            return Ok(ReadColumn { column_type: ColumnType::String, array, dictionary: texts.dictionary() });
        }
        ColumnType::Long => match doubles(&column).ok_or_else(refused)? {
            Numbers::Long(values) => Arc::new(Int64Array::from(values)),
            Numbers::Double(values) => {
                Arc::new(values.into_iter().map(|v| v.map(|v| v as i64)).collect::<Int64Array>())
            }
        },
        ColumnType::Double => Arc::new(doubles(&column).ok_or_else(refused)?.as_doubles().collect::<Float64Array>()),
        ColumnType::Float => {
            let values = doubles(&column).ok_or_else(refused)?;
            Arc::new(values.as_doubles().map(|v| v.map(|v| v as f32)).collect::<Float32Array>())
        }
    };
    Ok(ReadColumn { column_type: target.clone(), array, dictionary: None })
}

enum Numbers {
    Long(Vec<Option<i64>>),
    Double(Vec<Option<f64>>),
}

impl Numbers {
    fn as_doubles(&self) -> Box<dyn Iterator<Item = Option<f64>> + '_> {
        match self {
            Numbers::Long(values) => Box::new(values.iter().map(|v| v.map(|v| v as f64))),
            Numbers::Double(values) => Box::new(values.iter().copied()),
        }
    }
}

fn doubles(column: &ReadColumn) -> Option<Numbers> {
    Some(match column.column_type {
        ColumnType::Long => Numbers::Long(column.array.as_primitive_opt::<Int64Type>()?.iter().collect()),
        ColumnType::Double => Numbers::Double(column.array.as_primitive_opt::<Float64Type>()?.iter().collect()),
        ColumnType::Float => {
            let values = column.array.as_primitive_opt::<Float32Type>()?;
            Numbers::Double(values.iter().map(|v| v.map(f64::from)).collect())
        }
        ColumnType::String => {
            let texts = first_texts(column)?;
            let long = |v: &Option<String>| v.as_deref().and_then(dialect::read::long);
            let double = |v: &Option<String>| v.as_deref().and_then(dialect::read::double);
            match texts.iter().all(|v| v.is_none() || long(v).is_some()) {
                true => Numbers::Long(texts.iter().map(long).collect()),
                false => Numbers::Double(texts.iter().map(double).collect()),
            }
        }
        ColumnType::State(_) | ColumnType::Value(_) => return None,
    })
}

/// The value of each row, null where it has none or several.
fn first_texts(column: &ReadColumn) -> Option<Vec<Option<String>>> {
    let dictionary = column.dictionary.as_ref()?;
    let list = column.array.as_list_opt::<i32>();
    let codes = widen(list.map_or(column.array.as_ref(), |l| l.values().as_ref()))?;
    let text = |code: u32| dictionary.get(code).map(str::to_owned);
    Some(match list {
        None => codes.iter().map(|&code| text(code)).collect(),
        Some(list) => {
            let one = |w: &[i32]| if w[1] - w[0] == 1 { text(codes[w[0] as usize]) } else { None };
            list.offsets().windows(2).map(one).collect()
        }
    })
}

fn texts(column: &ReadColumn) -> Option<StringArray> {
    let array = column.array.as_ref();
    Some(if let Some(values) = array.as_primitive_opt::<Int64Type>() {
        values.iter().map(|v| v.map(|v| v.to_string())).collect()
    } else if let Some(values) = array.as_primitive_opt::<Float64Type>() {
        values.iter().map(|v| v.map(dialect::print::double_text)).collect()
    } else {
        let values = array.as_primitive_opt::<Float32Type>()?;
        values.iter().map(|v| v.map(dialect::print::float_text)).collect()
    })
}

/// Values as texts: scalars as Java prints them, arrays and nested data as JSON.
fn as_texts(column: &ReadColumn) -> Result<ReadColumn> {
    let text = |key: Option<&str>| match value::of_key(key)? {
        Value::Null => None,
        array @ (Value::Array(_) | Value::Json(_)) => {
            let mut out = Vec::new();
            value::print_value(&array, &mut out);
            String::from_utf8(out).ok()
        }
        scalar => match cast(scalar, Shape::String) {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        },
    };
    let refused = || Error::invalid("a column of values without codes");
    let dictionary = column.dictionary.as_deref().ok_or_else(refused)?;
    by_entry(column, dictionary, text, ColumnType::String).ok_or_else(refused)?
}

/// The rows with each entry of their dictionary made into another text.
fn by_entry(
    column: &ReadColumn,
    dictionary: &dyn Dictionary,
    text: impl Fn(Option<&str>) -> Option<String>,
    column_type: ColumnType,
) -> Option<Result<ReadColumn>> {
    let entries: Vec<Option<String>> = (0..dictionary.len() as u32).map(|code| text(dictionary.get(code))).collect();
    let codes = widen(column.array.as_ref())?;
    let texts: StringArray = codes.iter().map(|&code| entries[code as usize].as_deref()).collect();
    Some(coded(&texts, column_type))
}

fn coded(texts: &StringArray, column_type: ColumnType) -> Result<ReadColumn> {
    let texts = string_column(texts)?;
    Ok(ReadColumn { column_type, array: texts.array().clone(), dictionary: texts.dictionary() })
}

/// Each value with its own type; arrays among arrays become arrays of the shape, lists of texts arrays of texts.
fn as_values(column: &ReadColumn, shape: Shape) -> Option<Result<ReadColumn>> {
    let target = ColumnType::Value(shape);
    let array = column.array.as_ref();
    let key = |value: Value<'_>| value::key(&value);
    Some(match &column.column_type {
        ColumnType::Value(from) => {
            let dictionary = column.dictionary.as_deref()?;
            let is_array = |code| matches!(value::of_key(dictionary.get(code)), Some(Value::Null | Value::Array(_)));
            let all_arrays = from.is_array() && shape.is_array() && (0..dictionary.len() as u32).all(is_array);
            let kept = |text: Option<&str>| {
                let value = value::of_key(text)?;
                key(if all_arrays { cast(value, shape) } else { value })
            };
            by_entry(column, dictionary, kept, target)?
        }
        ColumnType::String => match array.as_list_opt::<i32>() {
            None => {
                let dictionary = column.dictionary.as_deref()?;
                by_entry(column, dictionary, |text| key(Value::Text(text?.into())), target)?
            }
            Some(_) => coded(&list_keys(column)?, target),
        },
        ColumnType::Long => {
            let longs = array.as_primitive_opt::<Int64Type>()?;
            coded(&longs.iter().map(|v| key(Value::Long(v?))).collect(), target)
        }
        ColumnType::Double | ColumnType::Float => match doubles(column)? {
            Numbers::Double(values) => coded(&values.iter().map(|v| key(Value::Double((*v)?))).collect(), target),
            Numbers::Long(_) => return None,
        },
        ColumnType::State(_) => return None,
    })
}

fn list_keys(column: &ReadColumn) -> Option<StringArray> {
    let dictionary = column.dictionary.as_ref()?;
    let list = column.array.as_list_opt::<i32>()?;
    let codes = widen(list.values().as_ref())?;
    let text = |code: &u32| dictionary.get(*code).map_or(Value::Null, |text| Value::Text(text.into()));
    let row = |ends: &[i32]| match &codes[ends[0] as usize..ends[1] as usize] {
        [] => None,
        [one] => value::key(&text(one)),
        many => value::key(&Value::Array(many.iter().map(text).collect())),
    };
    Some(list.offsets().windows(2).map(row).collect())
}
