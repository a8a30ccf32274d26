//! A column of an answer: typed values that can be read, compared, thinned and printed.

use std::borrow::Cow;
use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, Dictionary, Finalized, Shape, cast};
use arrow_array::{
    Array, ArrayRef, Float32Array, Float64Array, Int64Array, ListArray, NullArray, StringArray, UInt32Array,
};
use dialect::print;
use dialect::value::{self, Value as Datum};
use serde_json::Value;

use super::Keys;
use super::raw::Raw;
use crate::Result;
use crate::run::TextPool;

/// Values of one output column, a row each.
#[derive(Clone)]
pub(crate) enum Values {
    Long(Int64Array),
    Double(Float64Array),
    Float(Float32Array),
    Text(StringArray),
    /// Text as codes of a dictionary, whose null entry is null.
    Coded {
        codes: Arc<[u32]>,
        dictionary: Arc<dyn Dictionary>,
    },
    /// Rows of any number of texts, as codes.
    Lists {
        lists: ListArray,
        dictionary: Arc<dyn Dictionary>,
    },
    /// Lists, objects and other printed forms.
    Json(Arc<[Value]>),
    /// States not finalized yet.
    State {
        states: ArrayRef,
        spec: Arc<dyn AggregatorSpec>,
    },
    /// So many nulls.
    Null(usize),
}

impl From<Finalized> for Values {
    fn from(column: Finalized) -> Self {
        match column {
            Finalized::Long(a) => Values::Long(a),
            Finalized::Double(a) => Values::Double(a),
            Finalized::Float(a) => Values::Float(a),
            Finalized::Text(a) => Values::Text(a),
            Finalized::Json(a) => Values::Json(a.into()),
        }
    }
}

impl Values {
    /// Each value through a function.
    pub fn through(&self, extraction: &expression::ExtractionFn) -> Values {
        Values::Text((0..self.len()).map(|row| extraction.apply(self.text(row).as_deref())).collect())
    }

    /// Bytes that the values hold, roughly; dictionaries are counted by what the rows use of them.
    pub fn memory_bytes(&self) -> usize {
        let text = |dictionary: &Arc<dyn Dictionary>, code: u32| dictionary.get(code).map_or(0, str::len) + 16;
        match self {
            Values::Long(values) => values.len() * 9,
            Values::Double(values) => values.len() * 9,
            Values::Float(values) => values.len() * 5,
            Values::Text(values) => values.len() * 16 + values.value_data().len(),
            Values::Coded { codes, dictionary } => codes.iter().map(|code| text(dictionary, *code)).sum(),
            Values::Lists { lists, .. } => lists.len() * 16 + lists.values().len() * 24,
            Values::Json(values) => values.len() * 64,
            Values::State { states, .. } => states.len() * 8 + states.get_buffer_memory_size(),
            Values::Null(num_rows) => num_rows / 8,
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Values::Long(a) => a.len(),
            Values::Double(a) => a.len(),
            Values::Float(a) => a.len(),
            Values::Text(a) => a.len(),
            Values::Coded { codes, .. } => codes.len(),
            Values::Lists { lists, .. } => lists.len(),
            Values::Json(a) => a.len(),
            Values::State { states, .. } => states.len(),
            Values::Null(n) => *n,
        }
    }

    /// False where numbers and texts are known to be there in every row.
    pub fn may_have_nulls(&self) -> bool {
        match self {
            Values::Long(a) => a.null_count() > 0,
            Values::Double(a) => a.null_count() > 0,
            Values::Float(a) => a.null_count() > 0,
            Values::Text(a) => a.null_count() > 0,
            _ => true,
        }
    }

    pub fn is_null(&self, row: usize) -> bool {
        match self {
            Values::Long(a) => a.is_null(row),
            Values::Double(a) => a.is_null(row),
            Values::Float(a) => a.is_null(row),
            Values::Text(a) => a.is_null(row),
            Values::Coded { codes, dictionary } => dictionary.get(codes[row]).is_none(),
            Values::Lists { .. } => matches!(self.list(row).as_slice(), [] | [None]),
            Values::Json(a) => a[row].is_null(),
            Values::State { states, .. } => states.is_null(row),
            Values::Null(_) => true,
        }
    }

    /// The rows, in the order asked.
    pub fn take(&self, rows: &UInt32Array) -> Result<Values> {
        let pick = |array: &dyn Array| arrow_select::take::take(array, rows, None);
        let cast = |array: ArrayRef| array.to_data();
        Ok(match self {
            Values::Long(a) => Values::Long(cast(pick(a)?).into()),
            Values::Double(a) => Values::Double(cast(pick(a)?).into()),
            Values::Float(a) => Values::Float(cast(pick(a)?).into()),
            Values::Text(a) => Values::Text(cast(pick(a)?).into()),
            Values::Coded { codes, dictionary } => {
                let codes = rows.values().iter().map(|&row| codes[row as usize]).collect();
                Values::Coded { codes, dictionary: dictionary.clone() }
            }
            Values::Lists { lists, dictionary } => {
                Values::Lists { lists: cast(pick(lists)?).into(), dictionary: dictionary.clone() }
            }
            Values::Json(a) => Values::Json(rows.values().iter().map(|&row| a[row as usize].clone()).collect()),
            Values::State { states, spec } => Values::State { states: pick(states)?, spec: spec.clone() },
            Values::Null(_) => Values::Null(rows.len()),
        })
    }

    /// States become what their aggregator shows; other values stay.
    pub fn finalized(&self) -> Result<Values> {
        match self {
            Values::State { states, spec } => Ok(spec.finalize(states)?.into()),
            other => Ok(other.clone()),
        }
    }

    /// States become what rows are ordered by.
    pub fn sort_keys(&self) -> Result<Values> {
        match self {
            Values::State { states, spec } => Ok(spec.sort_keys(states)?.into()),
            other => Ok(other.clone()),
        }
    }

    /// States become the form that `finalize: false` shows.
    pub fn unfinalized(&self) -> Result<Values> {
        match self {
            Values::State { states, spec } => Ok(spec.unfinalized(states)?.into()),
            other => Ok(other.clone()),
        }
    }

    /// States become such that are shown as they are, also where others are finalized.
    pub fn raw(self) -> Values {
        match self {
            Values::State { states, spec } => Values::State { states, spec: Arc::new(Raw(spec)) },
            other => other,
        }
    }

    /// States of numbers become values, pairs of time and value objects, what an expression accumulated stands for
    /// itself; sketches stay states.
    pub fn plain(self) -> Result<Values> {
        match &self {
            Values::State { spec, .. } => match spec.state_type() {
                ColumnType::State(name) if name.starts_with("serializablePair") || &*name == "expression" => {
                    self.unfinalized()
                }
                ColumnType::State(_) => Ok(self),
                _ => self.unfinalized(),
            },
            _ => Ok(self),
        }
    }

    /// As a double; text is read as a number, null when it is none.
    pub fn double(&self, row: usize) -> Option<f64> {
        match self {
            Values::Long(a) => a.is_valid(row).then(|| a.value(row) as f64),
            Values::Double(a) => a.is_valid(row).then(|| a.value(row)),
            Values::Float(a) => a.is_valid(row).then(|| f64::from(a.value(row))),
            Values::Json(a) => a[row].as_f64(),
            Values::Coded { codes, dictionary } if dictionary.keys_of().is_some() => {
                match cast(value_of(dictionary.get(codes[row])), Shape::Double) {
                    Datum::Double(value) => Some(value),
                    _ => None,
                }
            }
            Values::Text(_) | Values::Coded { .. } | Values::Lists { .. } => {
                self.text(row).and_then(|t| dialect::read::double(&t))
            }
            Values::State { .. } | Values::Null(_) => None,
        }
    }

    /// As a long; doubles are cut toward zero and saturate.
    pub fn long(&self, row: usize) -> Option<i64> {
        match self {
            Values::Long(a) => a.is_valid(row).then(|| a.value(row)),
            Values::Text(_) | Values::Coded { .. } => {
                let text = self.text(row)?;
                dialect::read::long(&text).or_else(|| dialect::read::double(&text).map(|d| d as i64))
            }
            other => other.double(row).map(|d| d as i64),
        }
    }

    /// The string form, as Druid prints the value.
    pub fn text(&self, row: usize) -> Option<Cow<'_, str>> {
        match self {
            Values::Text(a) => a.is_valid(row).then(|| Cow::Borrowed(a.value(row))),
            Values::Coded { codes, dictionary } => match dictionary.keys_of() {
                None => dictionary.get(codes[row]).map(Cow::Borrowed),
                Some(_) => key_text(dictionary.get(codes[row])).map(Cow::Owned),
            },
            Values::Lists { .. } => match self.list(row).as_slice() {
                [] => None,
                [one] => one.map(Cow::Borrowed),
                _ => Some(Cow::Owned(self.json(row).to_string())),
            },
            Values::Json(a) => match &a[row] {
                Value::Null => None,
                Value::String(s) => Some(Cow::Borrowed(s)),
                other => Some(Cow::Owned(other.to_string())),
            },
            Values::Long(_) => self.long(row).map(|n| Cow::Owned(n.to_string())),
            Values::Double(a) => a.is_valid(row).then(|| Cow::Owned(print::double_text(a.value(row)))),
            Values::Float(a) => a.is_valid(row).then(|| Cow::Owned(print::float_text(a.value(row)))),
            Values::State { .. } | Values::Null(_) => None,
        }
    }

    /// Appends the value as JSON.
    pub fn print(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Values::Long(a) if a.is_valid(row) => print::long(out, a.value(row)),
            Values::Double(a) if a.is_valid(row) => print::json_double(out, a.value(row)),
            Values::Float(a) if a.is_valid(row) => print::json_float(out, a.value(row)),
            Values::Text(a) if a.is_valid(row) => print::json_string(out, a.value(row)),
            Values::Coded { codes, dictionary } if dictionary.keys_of().is_some() => {
                value::print(dictionary.get(codes[row]), out);
            }
            Values::Coded { codes, dictionary } => match dictionary.get(codes[row]) {
                Some(text) => print::json_string(out, text),
                None => out.extend_from_slice(b"null"),
            },
            Values::Lists { .. } => print_list(&self.list(row), out),
            Values::Json(a) => print_json(&a[row], out),
            _ => out.extend_from_slice(b"null"),
        }
    }

    /// The column as an Arrow array; codes become text.
    pub fn to_arrow(&self) -> ArrayRef {
        match self {
            Values::Long(a) => Arc::new(a.clone()),
            Values::Double(a) => Arc::new(a.clone()),
            Values::Float(a) => Arc::new(a.clone()),
            Values::Text(a) => Arc::new(a.clone()),
            Values::Null(n) => Arc::new(NullArray::new(*n)),
            other => Arc::new((0..other.len()).map(|row| other.text(row)).collect::<StringArray>()),
        }
    }

    /// As `to_arrow`, but keys of values stay keys.
    pub fn to_wire(&self) -> ArrayRef {
        match self {
            Values::Coded { codes, dictionary } if dictionary.keys_of().is_some() => {
                Arc::new(codes.iter().map(|code| dictionary.get(*code)).collect::<StringArray>())
            }
            other => other.to_arrow(),
        }
    }

    /// Nulls of a type.
    pub fn nulls(of: &ColumnType, num_rows: usize) -> Values {
        match of {
            ColumnType::Long => Values::Long(Int64Array::new_null(num_rows)),
            ColumnType::Double => Values::Double(Float64Array::new_null(num_rows)),
            ColumnType::Float => Values::Float(Float32Array::new_null(num_rows)),
            ColumnType::Value(shape) => Values::of_keys(&StringArray::new_null(num_rows), *shape),
            ColumnType::String | ColumnType::State(_) => Values::Null(num_rows),
        }
    }

    /// Values of a shape by their keys.
    pub fn of_keys(keys: &StringArray, shape: Shape) -> Values {
        let mut pool = TextPool::default();
        let codes = keys.iter().map(|key| pool.intern(key)).collect();
        Values::Coded { codes, dictionary: Arc::new(Keys { dictionary: Arc::new(pool), shape }) }
    }

    /// The value as a JSON tree, for the few places that hand single values on.
    pub fn json(&self, row: usize) -> Value {
        let mut bytes = Vec::new();
        self.print(row, &mut bytes);
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    /// The shape of the values whose keys are held; `None` where none are.
    pub fn keys_of(&self) -> Option<Shape> {
        match self {
            Values::Coded { dictionary, .. } => dictionary.keys_of(),
            _ => None,
        }
    }

    /// The texts of a row of lists.
    pub fn list(&self, row: usize) -> Vec<Option<&str>> {
        let Values::Lists { lists, dictionary } = self else { return Vec::new() };
        let offsets = lists.value_offsets();
        let codes = segment::codes_of(lists.values().as_ref());
        let text = |at| codes.as_ref().and_then(|codes| dictionary.get(codes.get(at as usize)));
        (offsets[row]..offsets[row + 1]).map(text).collect()
    }
}

fn value_of(key: Option<&str>) -> Datum<'_> {
    value::of_key(key).unwrap_or(Datum::Null)
}

/// A value as text: scalars as Java prints them, arrays and nested data as JSON.
fn key_text(key: Option<&str>) -> Option<String> {
    match value_of(key) {
        Datum::Null => None,
        array @ (Datum::Array(_) | Datum::Json(_)) => {
            let mut out = Vec::new();
            value::print_value(&array, &mut out);
            String::from_utf8(out).ok()
        }
        scalar => match cast(scalar, Shape::String) {
            Datum::Text(text) => Some(text.into_owned()),
            _ => None,
        },
    }
}

/// No value is null, one stands for itself, more are a list.
fn print_list(texts: &[Option<&str>], out: &mut Vec<u8>) {
    let one = |text: &Option<&str>, out: &mut Vec<u8>| match text {
        Some(text) => print::json_string(out, text),
        None => out.extend_from_slice(b"null"),
    };
    match texts {
        [] => out.extend_from_slice(b"null"),
        [text] => one(text, out),
        _ => {
            for (at, text) in texts.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                one(text, out);
            }
            out.push(b']');
        }
    }
}

/// JSON with Druid's number forms: doubles keep a fraction or an exponent.
pub(crate) fn print_json(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(long), _) => print::long(out, long),
            (None, Some(double)) => print::json_double(out, double),
            (None, None) => out.extend_from_slice(n.to_string().as_bytes()),
        },
        Value::String(s) => print::json_string(out, s),
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                print_json(item, out);
            }
            out.push(b']');
        }
        Value::Object(map) => {
            out.push(b'{');
            for (at, (key, item)) in map.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                print::json_string(out, key);
                out.push(b':');
                print_json(item, out);
            }
            out.push(b'}');
        }
    }
}
