//! The paths of nested data are what their documents hold.

use std::collections::BTreeSet;

use aggregate::{ColumnType, Dictionary, literal_of};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use dialect::path::{JsonPath, paths};
use dialect::value::{self, Value};
use serde_json::Value as Json;

use super::{Outcome, check_column, ensure};
use crate::codes::widen;
use crate::{ColumnRef, ColumnSchema, Field, Fields, Role, Segment};

pub(super) fn check_fields(segment: &dyn Segment, column: &ColumnRef) -> Outcome {
    let Some(fields) = column.fields() else { return Ok(()) };
    let dictionary = column.dictionary().ok_or("paths without documents")?;
    let documents = widen(column.read(0..segment.num_rows()).as_ref()).ok_or("paths of lists")?;
    let known = fields.paths();
    for path in &known {
        let Field::Column(column) = fields.find(path) else { return Err(format!("'{path}' is not found")) };
        let schema = ColumnSchema {
            name: path.to_string().into(),
            column_type: column.column_type(),
            multi_value: false,
            role: Role::Hidden,
        };
        check_column(segment, &schema, &column)?;
        let found: Vec<Value<'static>> = (0u32..)
            .take(dictionary.len())
            .map(|code| {
                let tree = tree_of(&*dictionary, code);
                // An element of a literal array is part of that.
                let found = path.find(&tree).filter(|_| paths(&tree).contains(path));
                found.map_or(Value::Null, literal_of)
            })
            .collect();
        let expected = documents.iter().map(|document| found[*document as usize].clone());
        let held = values(&column, documents.len());
        ensure(held.iter().eq(expected.collect::<Vec<_>>().iter()), || format!("'{path}' is not what documents hold"))?;
    }
    check_whole(&*fields, &known, &*dictionary, &documents)
}

fn tree_of(dictionary: &dyn Dictionary, document: u32) -> Json {
    value::to_json(&value::of_key(dictionary.get(document)).unwrap_or(Value::Null))
}

fn values(column: &ColumnRef, num_rows: usize) -> Vec<Value<'static>> {
    let (array, dictionary) = (column.read(0..num_rows), column.dictionary());
    if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
        return longs.iter().map(|value| value.map_or(Value::Null, Value::Long)).collect();
    }
    if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        return doubles.iter().map(|value| value.map_or(Value::Null, Value::Double)).collect();
    }
    let is_keys = column.column_type() != ColumnType::String;
    let of_entry = |entry: Option<&str>| match entry {
        Some(text) if !is_keys => Value::Text(text.to_owned().into()),
        entry => value::of_key(entry).unwrap_or(Value::Null).into_owned(),
    };
    let codes = widen(array.as_ref()).unwrap_or_default();
    codes.iter().map(|code| of_entry(dictionary.as_ref().and_then(|dictionary| dictionary.get(*code)))).collect()
}

/// No literal is at a path that is said to be of no document.
fn check_whole(fields: &dyn Fields, known: &[JsonPath], dictionary: &dyn Dictionary, documents: &[u32]) -> Outcome {
    let known: BTreeSet<&JsonPath> = known.iter().collect();
    for document in documents.iter().collect::<BTreeSet<_>>() {
        let tree = tree_of(dictionary, *document);
        for path in paths(&tree) {
            let is_null = path.find(&tree).is_none_or(|found| found.is_null());
            let is_told = is_null || known.contains(&path) || matches!(fields.find(&path), Field::Unknown);
            ensure(is_told, || format!("'{path}' is denied"))?;
            ensure(is_null || known.contains(&path) || !fields.is_whole(), || format!("'{path}' is left out"))?;
        }
    }
    Ok(())
}
