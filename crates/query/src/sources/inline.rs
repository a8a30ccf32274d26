//! Rows written into the query.

use std::sync::Arc;

use aggregate::{Shape, cast};
use arrow_array::{Float32Array, Float64Array, Int64Array, StringArray};
use dialect::value;
use expression::Environment;
use segment::SegmentRef;
use serde_json::Value;

use super::{Asked, Source, table_segment};
use crate::exec::ExecContext;
use crate::fields::{Fields, short};
use crate::finalize::{Table, Values};
use crate::plan::Scope;
use crate::{Error, Result, Sources};

struct Inline(SegmentRef);

impl std::fmt::Debug for Inline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inline").field("num_rows", &self.0.num_rows()).finish()
    }
}

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Source>> {
    fields.require("columnNames")?;
    fields.require("rows")?;
    let names = fields.texts("columnNames")?;
    let types = fields.list("columnTypes")?;
    if fields.get("columnTypes").is_some() && types.len() != names.len() {
        return Err(Error::invalid("'columnTypes' must have as many entries as 'columnNames'"));
    }
    let mut rows = Vec::new();
    for row in fields.list("rows")? {
        match row {
            Value::Array(values) if values.len() == names.len() => rows.push(values.as_slice()),
            other => return Err(fields.wrong("rows", "lists as long as 'columnNames'", other)),
        }
    }
    let mut table = Table::new(rows.len());
    for (at, name) in names.iter().enumerate() {
        let values: Vec<&Value> = rows.iter().map(|row| &row[at]).collect();
        table.push(name, column(name, types.get(at), &values)?)?;
    }
    Ok(Arc::new(Inline(table_segment(&table)?)))
}

fn column(name: &str, column_type: Option<&Value>, values: &[&Value]) -> Result<Values> {
    let named = match column_type {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.to_ascii_uppercase()),
        Some(other) => {
            return Err(Error::invalid(format!("a type in 'columnTypes' must be a name, got {}", short(other))));
        }
    };
    let all = |test: fn(&Value) -> bool| values.iter().all(|value| value.is_null() || test(value));
    Ok(match named.as_deref() {
        Some("LONG") => Values::Long(values.iter().map(|v| long(v)).collect::<Int64Array>()),
        Some("DOUBLE") => Values::Double(values.iter().map(|v| double(v)).collect::<Float64Array>()),
        Some("FLOAT") => Values::Float(values.iter().map(|v| double(v).map(|d| d as f32)).collect::<Float32Array>()),
        Some("STRING") => Values::Text(values.iter().map(|v| text(v)).collect::<StringArray>()),
        Some(other) => match Shape::of_name(other) {
            Some(shape) => Values::of_keys(&values.iter().map(|v| key(v, shape)).collect(), shape),
            None => {
                return Err(Error::unsupported(format!("an inline column of type {other}, as '{name}', is not known")));
            }
        },
        None if segment::TIME_COLUMN == name || all(Value::is_i64) && !all(Value::is_null) => {
            Values::Long(values.iter().map(|v| long(v)).collect::<Int64Array>())
        }
        None if all(Value::is_number) && !all(Value::is_null) => {
            Values::Double(values.iter().map(|v| double(v)).collect::<Float64Array>())
        }
        None => Values::Text(values.iter().map(|v| text(v)).collect::<StringArray>()),
    })
}

/// The key of an array or of nested data.
fn key(written: &Value, shape: Shape) -> Option<String> {
    value::key(&cast(value::of_json(written), shape))
}

fn long(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => dialect::read::long(text),
        other => other.as_i64().or_else(|| other.as_f64().map(|d| d as i64)),
    }
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => dialect::read::double(text),
        other => other.as_f64(),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(n) if n.is_f64() => n.as_f64().map(dialect::print::double_text),
        other => Some(other.to_string()),
    }
}

impl Source for Inline {
    fn tables(&self, _: &mut Vec<String>) {}

    fn resolve(&self, _: &Asked<'_>, _: &dyn Sources, _: &ExecContext) -> Result<Scope> {
        Ok(Scope::of_rows(self.0.clone()))
    }

    fn as_right(self: Arc<Self>, _: &Environment) -> Result<Arc<dyn Source>> {
        Ok(self)
    }
}
