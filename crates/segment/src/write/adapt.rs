//! Columns of a type that has changed, read as the type it has now.

use std::sync::Arc;

use aggregate::ColumnType;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, StringArray};

use super::ReadColumn;
use crate::batch_view::string_column;
use crate::codes::widen;
use crate::{Column, Error, Result};

/// The column as the type asked for: numbers become text and text numbers as ingestion would read them,
/// null where that cannot be. Fails between states and anything else.
pub(super) fn adapted(column: ReadColumn, target: &ColumnType) -> Result<ReadColumn> {
    if column.column_type == *target {
        return Ok(column);
    }
    let refused = || Error::Unsupported(format!("a column of type {} read as {target}", column.column_type));
    let array: ArrayRef = match target {
        ColumnType::State(_) => return Err(refused()),
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
        ColumnType::State(_) => return None,
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
