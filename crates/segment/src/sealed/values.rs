//! Columns of values in the published file: lists where all are arrays of one type, else JSON texts.

use std::collections::HashMap;
use std::sync::Arc;

use aggregate::{Dictionary, Shape};
use arrow_array::builder::{Float64Builder, Int64Builder, ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, StringArray};
use arrow_schema::{DataType, Field};
use dialect::value::{self, Value};

use crate::{Error, Result, StringDictionary};

/// How the values of a column stand in the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// Arrays whose elements are of this scalar.
    Lists(Shape),
    /// Each value as JSON.
    Texts,
}

impl Form {
    pub(super) fn of(shape: Shape, dictionary: &dyn Dictionary) -> Form {
        let is_list = |code| match value::of_key(dictionary.get(code)) {
            Some(Value::Array(items)) => items.iter().filter_map(Shape::of_value).all(|item| item == shape.element()),
            Some(Value::Null) => true,
            _ => false,
        };
        let all_lists = shape.is_array() && (0..dictionary.len() as u32).all(is_list);
        if all_lists { Form::Lists(shape.element()) } else { Form::Texts }
    }

    /// The type that a reader asks for.
    pub(super) fn data_type(self) -> DataType {
        let list = |items| DataType::List(Arc::new(Field::new("element", items, true)));
        match self {
            Form::Lists(Shape::Long) => list(DataType::Int64),
            Form::Lists(Shape::Double) => list(DataType::Float64),
            Form::Lists(_) => list(DataType::Utf8),
            Form::Texts => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        }
    }
}

/// What strangers read for each code, as JSON texts; null is empty here.
pub(super) fn shown(dictionary: &dyn Dictionary) -> StringArray {
    let shown = |code| match dictionary.get(code) {
        None => Some(String::new()),
        key => {
            let mut out = Vec::new();
            value::print(key, &mut out);
            String::from_utf8(out).ok()
        }
    };
    (0..dictionary.len() as u32).map(shown).collect()
}

/// The arrays of the rows.
pub(super) fn lists(codes: &[u32], dictionary: &dyn Dictionary, element: Shape) -> ArrayRef {
    let entries: Vec<Value<'_>> =
        (0..dictionary.len() as u32).map(|code| value::of_key(dictionary.get(code)).unwrap_or(Value::Null)).collect();
    let rows = codes.iter().map(|&code| match &entries[code as usize] {
        Value::Array(items) => Some(items.as_slice()),
        _ => None,
    });
    let field = |items| Arc::new(Field::new("element", items, true));
    match element {
        Shape::Long => {
            let mut out = ListBuilder::new(Int64Builder::new()).with_field(field(DataType::Int64));
            rows.for_each(|row| {
                let long = |item: &Value<'_>| if let Value::Long(value) = item { Some(*value) } else { None };
                out.append_option(row.map(|items| items.iter().map(long)));
            });
            Arc::new(out.finish())
        }
        Shape::Double => {
            let mut out = ListBuilder::new(Float64Builder::new()).with_field(field(DataType::Float64));
            rows.for_each(|row| {
                let double = |item: &Value<'_>| if let Value::Double(value) = item { Some(*value) } else { None };
                out.append_option(row.map(|items| items.iter().map(double)));
            });
            Arc::new(out.finish())
        }
        _ => {
            let mut out = ListBuilder::new(StringBuilder::new()).with_field(field(DataType::Utf8));
            for row in rows {
                for item in row.unwrap_or_default() {
                    out.values().append_option(if let Value::Text(text) = item { Some(text) } else { None });
                }
                out.append(row.is_some());
            }
            Arc::new(out.finish())
        }
    }
}

/// Finds the codes of what was read.
pub(super) struct Finder {
    form: Form,
    dictionary: Arc<StringDictionary>,
    /// Codes by JSON text.
    by_text: HashMap<String, u32>,
}

impl Finder {
    pub(super) fn new(shape: Shape, dictionary: Arc<StringDictionary>) -> Self {
        let form = Form::of(shape, &*dictionary);
        let mut by_text = HashMap::new();
        if form == Form::Texts {
            let shown = shown(&*dictionary);
            let texts = shown.iter().zip(0u32..).filter(|(_, code)| dictionary.get(*code).is_some());
            by_text.extend(texts.filter_map(|(text, code)| Some((text?.to_owned(), code))));
        }
        Self { form, dictionary, by_text }
    }

    /// Appends the code of every row.
    pub(super) fn codes(&self, array: &ArrayRef, out: &mut Vec<u32>) -> Result<()> {
        let unknown = || Error::corrupt("a value that is not in its dictionary");
        let code = |row: usize| match self.form {
            _ if array.is_null(row) => self.dictionary.null_code(),
            Form::Texts => {
                let texts = array.as_any().downcast_ref::<DictionaryArray<Int32Type>>()?;
                let key = usize::try_from(texts.keys().value(row)).ok()?;
                let names = texts.values().as_string_opt::<i32>().filter(|names| key < names.len())?;
                self.by_text.get(names.value(key)).copied()
            }
            Form::Lists(_) => {
                let key = value::key(&list(array.as_list_opt::<i32>()?.value(row).as_ref())?);
                self.dictionary.code_of(key.as_deref())
            }
        };
        for row in 0..array.len() {
            out.push(code(row).ok_or_else(unknown)?);
        }
        Ok(())
    }
}

fn list(items: &dyn Array) -> Option<Value<'_>> {
    Some(Value::Array(if let Some(longs) = items.as_primitive_opt::<Int64Type>() {
        longs.iter().map(|item| item.map_or(Value::Null, Value::Long)).collect()
    } else if let Some(doubles) = items.as_primitive_opt::<Float64Type>() {
        doubles.iter().map(|item| item.map_or(Value::Null, Value::Double)).collect()
    } else {
        items.as_string_opt::<i32>()?.iter().map(|item| item.map_or(Value::Null, |t| Value::Text(t.into()))).collect()
    }))
}
