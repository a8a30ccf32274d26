//! Accumulated values as columns: numbers plain, all else in its stored form.

use std::sync::Arc;

use aggregate::{
    Accumulator, Arena, ColumnType, Error, FieldLayout, Finalized, Input, Lane, Records, Span, StateReader,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, GenericBinaryType, Int64Type};
use arrow_array::{Array, ArrayRef, BinaryArray, Float64Array, Int64Array, StringArray};
use serde_json::Value;

use super::values::{decode, encode};
use crate::expr::{ExprType, Kind, Scalar, Vector};

/// An accumulator whose states are numbers of one kind, so that they are stored as a column of numbers.
pub(super) struct Typed {
    pub inner: Box<dyn Accumulator>,
    pub kind: Kind,
}

impl Accumulator for Typed {
    fn lanes(&self) -> &[Lane] {
        self.inner.lanes()
    }

    fn begin_segment(&mut self, columns: &[Option<ColumnType>]) -> aggregate::Result<()> {
        self.inner.begin_segment(columns)
    }

    fn layout(&self) -> FieldLayout {
        self.inner.layout()
    }

    fn write_empty(&self, field: &mut [u8]) {
        self.inner.write_empty(field);
    }

    fn grow(&mut self, len: usize) {
        self.inner.grow(len);
    }

    fn fold(
        &mut self,
        arena: &mut Arena,
        offset: usize,
        span: &Span<'_>,
        inputs: &[Input<'_>],
    ) -> aggregate::Result<()> {
        self.inner.fold(arena, offset, span, inputs)
    }

    fn merge(
        &mut self,
        arena: &mut Arena,
        offset: usize,
        span: &Span<'_>,
        states: &dyn Array,
    ) -> aggregate::Result<()> {
        let form = |value: Option<Scalar<'_>>| {
            value.map(|value| {
                let mut bytes = Vec::new();
                encode(&value, &mut bytes);
                bytes
            })
        };
        let states: BinaryArray = scalars(states)?.into_iter().map(form).collect();
        self.inner.merge(arena, offset, span, &states)
    }

    fn reader(&self, offset: usize) -> Box<dyn StateReader> {
        Box::new(TypedReader { inner: self.inner.reader(offset), kind: self.kind })
    }

    fn memory_bytes(&self) -> usize {
        self.inner.memory_bytes()
    }
}

struct TypedReader {
    inner: Box<dyn StateReader>,
    kind: Kind,
}

impl StateReader for TypedReader {
    fn states(&self, records: &Records, order: &[u32]) -> aggregate::Result<ArrayRef> {
        let values = scalars(self.inner.states(records, order)?.as_ref())?;
        let values = values.into_iter().map(|value| value.unwrap_or(Scalar::Null)).collect::<Vec<_>>();
        Ok(Vector::Mixed(values.into()).to_arrow_as(self.kind))
    }
}

/// The values of a column of states; `None` where nothing was accumulated.
pub(super) fn scalars(column: &dyn Array) -> aggregate::Result<Vec<Option<Scalar<'static>>>> {
    if let Some(longs) = column.as_primitive_opt::<Int64Type>() {
        return Ok(longs.iter().map(|value| value.map(Scalar::Long)).collect());
    }
    if let Some(doubles) = column.as_primitive_opt::<Float64Type>() {
        return Ok(doubles.iter().map(|value| value.map(Scalar::Double)).collect());
    }
    let Some(states) = column.as_bytes_opt::<GenericBinaryType<i32>>() else {
        return Err(Error::Corrupt { what: "expression", reason: "is no column of accumulated values".into() });
    };
    states.iter().map(|bytes| bytes.map(decode).transpose()).collect()
}

/// Values as they are shown; nulls alone are of the type expected.
pub(super) fn column(values: Vec<Scalar<'static>>, expected: Option<ExprType>) -> Finalized {
    if values.iter().any(|value| matches!(value, Scalar::Array(_) | Scalar::Json(_))) {
        return Finalized::Json(values.iter().map(json).collect());
    }
    let kinds = values.iter().filter_map(Scalar::kind);
    let kind = kinds.reduce(crate::expr::wider).or(expected.map(ExprType::element)).unwrap_or(Kind::Text);
    match kind {
        Kind::Long => Finalized::Long(values.iter().map(Scalar::as_long).collect::<Int64Array>()),
        Kind::Double => Finalized::Double(values.iter().map(Scalar::as_double).collect::<Float64Array>()),
        Kind::Text | Kind::Json => Finalized::Text(values.iter().map(Scalar::as_text).collect::<StringArray>()),
    }
}

fn json(value: &Scalar<'_>) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Long(value) => Value::from(*value),
        Scalar::Double(value) if value.is_finite() => Value::from(*value),
        Scalar::Array(array) => array.items.iter().map(json).collect(),
        Scalar::Json(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.as_text().map_or(Value::Null, |text| Value::from(text.into_owned())),
    }
}

/// A vector of the values.
pub(super) fn mixed(values: Vec<Scalar<'static>>) -> Vector {
    Vector::Mixed(Arc::from(values))
}
