//! One column out of several, one below the other.

use std::sync::Arc;

use aggregate::{Dictionary, Shape, cast};
use arrow_array::cast::AsArray;
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array, ListArray, PrimitiveArray, StringArray, UInt32Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use dialect::value::{self, Value};
use serde_json::Value as Json;

use super::Values;
use crate::Result;
use crate::run::TextPool;

/// A dictionary with null as one more entry.
pub(crate) struct WithNull(pub Arc<dyn Dictionary>);

impl Dictionary for WithNull {
    fn len(&self) -> usize {
        self.0.len() + 1
    }

    fn get(&self, code: u32) -> Option<&str> {
        if (code as usize) < self.0.len() { self.0.get(code) } else { None }
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        match value {
            None => u32::try_from(self.0.len()).ok(),
            some => self.0.code_of(some),
        }
    }

    fn keys_of(&self) -> Option<Shape> {
        self.0.keys_of()
    }
}

/// The columns below each other. Columns of one kind keep it; nulls fit with any; else all become text.
pub(crate) fn concat(parts: &[Values]) -> Result<Values> {
    let Some(first) = parts.iter().find(|part| !matches!(part, Values::Null(_))) else {
        return Ok(Values::Null(parts.iter().map(Values::len).sum()));
    };
    if parts.len() == 1 {
        return Ok(first.clone());
    }
    Ok(match first {
        Values::Coded { dictionary, .. } if parts.iter().all(|part| shares(part, dictionary)) => {
            coded(parts, dictionary)
        }
        Values::State { spec, .. } if parts.iter().all(|p| matches!(p, Values::State { .. })) => {
            let arrays: Vec<&dyn Array> = parts.iter().filter_map(state_of).collect();
            Values::State { states: arrow_select::concat::concat(&arrays)?, spec: spec.clone() }
        }
        Values::Long(_) if all(parts, |p| matches!(p, Values::Long(_))) => {
            Values::Long(strung(parts, |part| if let Values::Long(a) = part { Some(a) } else { None })?)
        }
        Values::Double(_) if all(parts, |p| matches!(p, Values::Double(_))) => {
            Values::Double(strung(parts, |part| if let Values::Double(a) = part { Some(a) } else { None })?)
        }
        Values::Float(_) if all(parts, |p| matches!(p, Values::Float(_))) => {
            Values::Float(strung(parts, |part| if let Values::Float(a) = part { Some(a) } else { None })?)
        }
        _ if parts.iter().any(is_list) && all(parts, |part| is_list(part) || is_text(part)) => lists(parts)?,
        _ if all(parts, |part| part.keys_of().is_some()) => keys(parts),
        _ if parts.iter().any(is_printed) => Values::Json(rows(parts, |p, row| p.json(row)).collect()),
        _ => Values::Text(rows(parts, Values::text).collect::<StringArray>()),
    })
}

/// Numbers of one type, nulls where a part has none.
fn strung<T: ArrowPrimitiveType>(
    parts: &[Values],
    numbers: impl Fn(&Values) -> Option<&PrimitiveArray<T>>,
) -> Result<PrimitiveArray<T>> {
    let arrays =
        parts.iter().map(|part| numbers(part).cloned().unwrap_or_else(|| PrimitiveArray::new_null(part.len())));
    let arrays: Vec<PrimitiveArray<T>> = arrays.collect();
    let arrays: Vec<&dyn Array> = arrays.iter().map(|array| array as &dyn Array).collect();
    Ok(arrow_select::concat::concat(&arrays)?.as_primitive().clone())
}

fn all(parts: &[Values], kind: impl Fn(&Values) -> bool) -> bool {
    parts.iter().all(|part| kind(part) || matches!(part, Values::Null(_)))
}

fn is_list(part: &Values) -> bool {
    matches!(part, Values::Lists { .. })
}

/// What is a value of more than one type as it is printed.
fn is_printed(part: &Values) -> bool {
    matches!(part, Values::Json(_) | Values::Lists { .. }) || part.keys_of().is_some()
}

fn is_text(part: &Values) -> bool {
    matches!(part, Values::Text(_) | Values::Coded { .. }) && part.keys_of().is_none()
}

/// Printed values as values of a type that are read again: lists as texts of a row, or as arrays.
pub(crate) fn of_printed(printed: &[Json], shape: Shape) -> Result<Values> {
    let read = |tree| cast(value::of_json(tree), shape);
    match shape {
        Shape::Long => return Ok(Values::Long(printed.iter().map(|tree| long(&read(tree))).collect())),
        Shape::Double => return Ok(Values::Double(printed.iter().map(|tree| double(&read(tree))).collect())),
        Shape::String if !printed.iter().any(Json::is_array) => {
            return Ok(Values::Text(printed.iter().map(|tree| text(&read(tree))).collect()));
        }
        Shape::String => {}
        Shape::LongArray | Shape::DoubleArray | Shape::StringArray | Shape::Json => {
            return Ok(Values::of_keys(&printed.iter().map(|tree| value::key(&read(tree))).collect(), shape));
        }
    }
    let mut lists = ListBuilder::default();
    for tree in printed {
        match tree {
            Json::Array(items) => items.iter().for_each(|item| lists.push_printed(item)),
            scalar => lists.push_printed(scalar),
        }
        lists.end_row();
    }
    lists.finish()
}

fn long(value: &Value<'_>) -> Option<i64> {
    if let Value::Long(value) = value { Some(*value) } else { None }
}

fn double(value: &Value<'_>) -> Option<f64> {
    if let Value::Double(value) = value { Some(*value) } else { None }
}

fn text(value: &Value<'_>) -> Option<String> {
    if let Value::Text(text) = value { Some(text.to_string()) } else { None }
}

/// Lists of texts, and texts and nulls as lists of one.
fn lists(parts: &[Values]) -> Result<Values> {
    let mut lists = ListBuilder::default();
    for part in parts {
        for row in 0..part.len() {
            match part {
                Values::Lists { .. } => part.list(row).into_iter().for_each(|text| lists.push(text)),
                other => lists.push(other.text(row).as_deref()),
            }
            lists.end_row();
        }
    }
    lists.finish()
}

#[derive(Default)]
struct ListBuilder {
    pool: TextPool,
    codes: Vec<u32>,
    ends: Vec<usize>,
}

impl ListBuilder {
    fn push(&mut self, text: Option<&str>) {
        self.codes.push(self.pool.intern(text));
    }

    fn push_printed(&mut self, tree: &Json) {
        match tree {
            Json::Null => self.push(None),
            Json::String(text) => self.push(Some(text)),
            other => self.push(Some(&other.to_string())),
        }
    }

    fn end_row(&mut self) {
        self.ends.push(self.codes.len());
    }

    fn finish(self) -> Result<Values> {
        let item = Arc::new(Field::new("item", DataType::UInt32, false));
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let offsets = OffsetBuffer::from_lengths(starts.zip(&self.ends).map(|(start, end)| end - start));
        let lists = ListArray::try_new(item, offsets, Arc::new(UInt32Array::from(self.codes)), None)?;
        Ok(Values::Lists { lists, dictionary: Arc::new(self.pool) })
    }
}

/// Values by their keys, each as one of the widest shape.
fn keys(parts: &[Values]) -> Values {
    let shape = parts.iter().filter_map(Values::keys_of).reduce(Shape::wider).unwrap_or(Shape::Json);
    let mut all: Vec<Option<String>> = Vec::new();
    for part in parts {
        match part {
            Values::Coded { codes, dictionary } => {
                let is_narrower = dictionary.keys_of() != Some(shape);
                all.extend(codes.iter().map(|&code| match dictionary.get(code) {
                    key if is_narrower => value::of_key(key).and_then(|of| value::key(&cast(of, shape))),
                    key => key.map(str::to_owned),
                }));
            }
            other => all.extend(std::iter::repeat_n(None, other.len())),
        }
    }
    Values::of_keys(&all.into_iter().collect(), shape)
}

fn rows<'a, T>(parts: &'a [Values], get: impl Fn(&'a Values, usize) -> T + Copy) -> impl Iterator<Item = T> {
    parts.iter().flat_map(move |part| (0..part.len()).map(move |row| get(part, row)))
}

fn state_of(part: &Values) -> Option<&dyn Array> {
    match part {
        Values::State { states, .. } => Some(states.as_ref()),
        _ => None,
    }
}

fn shares(part: &Values, with: &Arc<dyn Dictionary>) -> bool {
    match part {
        Values::Coded { dictionary, .. } => Arc::ptr_eq(dictionary, with),
        Values::Null(_) => true,
        _ => false,
    }
}

fn coded(parts: &[Values], dictionary: &Arc<dyn Dictionary>) -> Values {
    let has_nulls = parts.iter().any(|part| matches!(part, Values::Null(_)));
    let (null, dictionary) = match dictionary.code_of(None) {
        Some(code) => (code, dictionary.clone()),
        None if has_nulls => {
            let wrapped = Arc::new(WithNull(dictionary.clone()));
            (u32::try_from(dictionary.len()).unwrap_or(u32::MAX), wrapped as Arc<dyn Dictionary>)
        }
        None => (0, dictionary.clone()),
    };
    let mut all = Vec::with_capacity(parts.iter().map(Values::len).sum());
    for part in parts {
        match part {
            Values::Coded { codes, .. } => all.extend_from_slice(codes),
            other => all.extend(std::iter::repeat_n(null, other.len())),
        }
    }
    Values::Coded { codes: all.into(), dictionary }
}
