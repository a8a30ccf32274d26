//! Sampled rows, rolled up as the spec says, and how they are shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregate::Finalized;
use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use segment::{ColumnRef, ColumnType, Limits, LiveIndex, LiveSnapshot, Segment, Shape};
use serde_json::{Map, Value, json};
use timeline::{Interval, SegmentId};

use super::batch::codes;
use crate::lane::{append_rows, rollup_schema};
use crate::parse::{ParsedBatch, Row};
use crate::spec::{DataSchema, Dimension, DimensionType, TIME_COLUMN};
use crate::{Error, Reject, Result};

/// What was read so far.
#[derive(Default)]
pub(super) struct Sampled {
    live: Option<LiveIndex>,
    entries: Vec<Entry>,
    num_read: usize,
    num_indexed: usize,
    /// Fields of rows that were kept: others make no dimensions.
    fields: BTreeSet<String>,
}

enum Entry {
    /// The first row of a group, as it came.
    Row {
        input: Value,
        group: usize,
    },
    Bad {
        input: Option<Value>,
        error: String,
    },
}

impl Sampled {
    pub(super) fn num_read(&self) -> usize {
        self.num_read
    }

    /// Takes the rows of one record; `inputs` are they as they came, `rows` as the format reads them.
    pub(super) fn take(
        &mut self,
        batch: &ParsedBatch,
        inputs: Vec<Value>,
        rows: &[Row<'_>],
        schema: &DataSchema,
    ) -> Result<()> {
        let mut inputs = inputs.into_iter();
        for row in 0..batch.num_rows() {
            let input = inputs.next().unwrap_or(Value::Null);
            let bit = 1u64 << (row % 64);
            if batch.keep()[row / 64] & bit == 0 {
                continue;
            }
            let mut mask = vec![0; batch.keep().len()];
            mask[row / 64] = bit;
            let live = self.live(batch, schema)?;
            let group = live.num_rows();
            append_rows(live, batch, &mask).map_err(failed)?;
            let is_new = live.num_rows() > group;
            let names = rows.get(row).into_iter().flatten().map(|(name, _)| name.as_ref());
            let new: Vec<String> = names.filter(|name| !self.fields.contains(*name)).map(str::to_owned).collect();
            self.fields.extend(new);
            self.num_read += 1;
            self.num_indexed += 1;
            if is_new {
                self.entries.push(Entry::Row { input, group });
            }
        }
        for reject in batch.rejects() {
            self.take_reject(reject, inputs.next());
        }
        Ok(())
    }

    fn take_reject(&mut self, reject: &Reject, input: Option<Value>) {
        if reject.error_type() == Some("unparseable") {
            self.num_read += 1;
            let error = reject.details.first().cloned().unwrap_or_default();
            self.entries.push(Entry::Bad { input, error });
        }
    }

    fn live(&mut self, batch: &ParsedBatch, schema: &DataSchema) -> Result<&mut LiveIndex> {
        if self.live.is_none() {
            let rollup = Arc::new(rollup_schema(schema, &batch.dimensions()));
            let id = SegmentId::new(schema.data_source.as_str(), Interval { start: 0, end: 1 }, "0", 0);
            self.live = Some(LiveIndex::new(id, rollup, Limits::default()).map_err(failed)?);
        }
        self.live.as_mut().ok_or_else(|| Error::Internal("no live index".to_owned()))
    }

    /// The answer of the sampler.
    pub(super) fn answer(mut self, batch: &ParsedBatch, schema: &DataSchema) -> Value {
        let snapshot = self.live.as_mut().map(LiveIndex::snapshot);
        let declared = &schema.dimensions.dimensions;
        let is_kept = |dimension: &Dimension| {
            declared.iter().any(|declared| declared.name == dimension.name)
                || self.fields.contains(&*dimension.name)
                || snapshot.as_deref().is_some_and(|snapshot| has_value(snapshot, &dimension.name))
        };
        let (dimensions, hidden): (Vec<_>, Vec<_>) = batch.dimensions().into_iter().partition(is_kept);
        let data = self.entries.into_iter().map(|entry| shown(entry, snapshot.as_deref(), schema, &hidden));
        let data: Vec<Value> = data.collect();
        json!({
            "numRowsRead": self.num_read,
            "numRowsIndexed": self.num_indexed,
            "logicalDimensions": dimensions.iter().map(logical).collect::<Vec<_>>(),
            "physicalDimensions": dimensions.iter().map(|dimension| physical(dimension, schema)).collect::<Vec<_>>(),
            "logicalSegmentSchema": columns(&dimensions, schema),
            "data": data,
        })
    }
}

/// A dimension by what its values are: those of several types are texts when none is a list or an object.
fn logical(dimension: &Dimension) -> Value {
    let plain = match dimension.dimension_type {
        DimensionType::Values(Shape::Long) => DimensionType::Long,
        DimensionType::Values(Shape::Double) => DimensionType::Double,
        DimensionType::Values(Shape::String) => DimensionType::String,
        number @ (DimensionType::Long | DimensionType::Double | DimensionType::Float) => number,
        _ => return dimension.to_json(),
    };
    Dimension::new(&dimension.name, plain).to_json()
}

/// A dimension as it is stored: discovered ones under the type that takes any value.
fn physical(dimension: &Dimension, schema: &DataSchema) -> Value {
    let declared = schema.dimensions.dimensions.iter().find(|declared| declared.name == dimension.name);
    match declared {
        Some(declared) => declared.to_json(),
        None if schema.dimensions.use_schema_discovery => {
            Dimension::new(&dimension.name, DimensionType::Auto).to_json()
        }
        None => dimension.to_json(),
    }
}

fn columns(dimensions: &[Dimension], schema: &DataSchema) -> Vec<Value> {
    let column = |name: &str, column_type: String| json!({"name": name, "type": column_type});
    let of_dimension = |dimension: &Dimension| {
        let column_type = match dimension.dimension_type {
            DimensionType::Auto => "STRING".to_owned(),
            DimensionType::Json => Shape::Json.name().to_owned(),
            DimensionType::Values(shape) => shape.name().to_owned(),
            known => known.tag().to_ascii_uppercase(),
        };
        column(&dimension.name, column_type)
    };
    let of_metric = |metric: &crate::spec::Metric| column(&metric.name, metric.aggregator.state_type().to_string());
    let time = column(TIME_COLUMN, "LONG".to_owned());
    let rest = dimensions.iter().map(of_dimension).chain(schema.metrics.iter().map(of_metric));
    std::iter::once(time).chain(rest).collect()
}

fn shown(entry: Entry, snapshot: Option<&LiveSnapshot>, schema: &DataSchema, hidden: &[Dimension]) -> Value {
    match (entry, snapshot) {
        (Entry::Row { input, group }, Some(snapshot)) => {
            json!({"input": input, "parsed": parsed(snapshot, group, schema, hidden)})
        }
        (Entry::Row { input, .. }, None) => json!({"input": input}),
        (Entry::Bad { input: Some(input), error }, _) => json!({"input": input, "unparseable": true, "error": error}),
        (Entry::Bad { input: None, error }, _) => json!({"unparseable": true, "error": error}),
    }
}

/// A row of the live index by column.
fn parsed(snapshot: &LiveSnapshot, row: usize, schema: &DataSchema, hidden: &[Dimension]) -> Value {
    let mut out = Map::new();
    for column in snapshot.schema().visible() {
        if hidden.iter().any(|hidden| hidden.name.as_str() == &*column.name) {
            continue;
        }
        let metric = schema.metrics.iter().find(|metric| *metric.name == *column.name);
        let found = snapshot.column(&column.name);
        let value = match (found, metric) {
            (Some(found), Some(metric)) if matches!(found.column_type(), ColumnType::State(_)) => {
                metric.aggregator.unfinalized(&found.read(row..row + 1)).map_or(Value::Null, first)
            }
            (Some(found), _) => value(&found, row),
            (None, _) => Value::Null,
        };
        out.insert(column.name.to_string(), value);
    }
    Value::Object(out)
}

/// Whether a row has something in the column.
fn has_value(snapshot: &LiveSnapshot, name: &str) -> bool {
    let Some(column) = snapshot.column(name) else { return false };
    (0..snapshot.num_rows()).any(|row| !value(&column, row).is_null())
}

/// The only value of a column of one row.
fn first(column: Finalized) -> Value {
    match column {
        Finalized::Long(values) => json!(values.iter().next().flatten()),
        Finalized::Double(values) => json!(values.iter().next().flatten()),
        Finalized::Float(values) => json!(values.iter().next().flatten()),
        Finalized::Text(values) => json!(values.iter().next().flatten()),
        Finalized::Json(values) => values.into_iter().next().unwrap_or(Value::Null),
    }
}

fn value(column: &ColumnRef, row: usize) -> Value {
    let array = column.read(row..row + 1);
    if array.is_null(0) {
        return Value::Null;
    }
    match column.column_type() {
        ColumnType::Long => array.as_primitive_opt::<Int64Type>().map_or(Value::Null, |array| json!(array.value(0))),
        ColumnType::Double => {
            array.as_primitive_opt::<Float64Type>().map_or(Value::Null, |array| json!(array.value(0)))
        }
        ColumnType::Float => array.as_primitive_opt::<Float32Type>().map_or(Value::Null, |array| json!(array.value(0))),
        ColumnType::State(_) => Value::Null,
        ColumnType::Value(_) => {
            let (code, dictionary) =
                (segment::widen(array.as_ref()).and_then(|codes| codes.first().copied()), column.dictionary());
            let mut out = Vec::new();
            dialect::value::print(code.zip(dictionary.as_ref()).and_then(|(code, all)| all.get(code)), &mut out);
            serde_json::from_slice(&out).unwrap_or(Value::Null)
        }
        ColumnType::String => {
            let list = array.as_list_opt::<i32>().map(|list| list.value(0));
            let codes = codes(list.as_ref().map_or(&*array, |list| &**list));
            let Some(dictionary) = column.dictionary() else { return Value::Null };
            let mut texts: Vec<Value> = codes.into_iter().map(|code| json!(dictionary.get(code))).collect();
            match texts.len() {
                0 => Value::Null,
                1 => texts.remove(0),
                _ => Value::Array(texts),
            }
        }
    }
}

fn failed(error: segment::Error) -> Error {
    Error::Internal(error.to_string())
}
