//! A dimension spec over a segment.

use std::sync::Arc;

use aggregate::ColumnType;
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array};
use dialect::read;
use segment::{ColumnRef, SegmentRef, TIME_COLUMN};

use super::filtered::keep_column;
use super::number_texts::text_of_numbers;
use super::{DimensionSpec, Transform};
use crate::columns::{Cast, Remapped, nulls};
use crate::dictionaries::map;
use crate::steps::Steps;
use crate::{Error, ExtractionFn, Result, by_codes, values};

pub(super) fn bind(spec: &DimensionSpec, segment: &SegmentRef) -> Result<ColumnRef> {
    if let Transform::None = spec.transform {
        return as_type(segment.column(&spec.dimension), &spec.output_type, segment);
    }
    let text = bind_text(spec, segment)?;
    as_type(Some(text), &spec.output_type, segment)
}

pub(super) fn bind_text(spec: &DimensionSpec, segment: &SegmentRef) -> Result<ColumnRef> {
    transformed(&spec.transform, &spec.dimension, segment)
}

fn transformed(transform: &Transform, dimension: &str, segment: &SegmentRef) -> Result<ColumnRef> {
    let column = segment.column(dimension);
    match transform {
        Transform::None => as_type(column, &ColumnType::String, segment),
        Transform::Keep { inner, keep } => keep_column(transformed(inner, dimension, segment)?, keep),
        Transform::Extract(extraction) => match column {
            Some(column) if column.column_type() == ColumnType::String => extracted(column, extraction),
            Some(column) if matches!(column.column_type(), ColumnType::Value(_)) => {
                extracted(values::as_type(&column, &ColumnType::String)?, extraction)
            }
            Some(column) if is_number(&column.column_type()) => {
                let of_time = (dimension == TIME_COLUMN).then(|| text_of_steps(segment, extraction));
                of_time.flatten().unwrap_or_else(|| text_of_numbers(&column, segment, Some(extraction)))
            }
            _ => extracted(nulls(&ColumnType::String, segment.num_rows())?, extraction),
        },
    }
}

/// Whether the column is one of texts without a text.
fn is_all_null(column: &ColumnRef) -> bool {
    column
        .dictionary()
        .is_some_and(|dictionary| (0u32..).take(dictionary.len()).all(|code| dictionary.get(code).is_none()))
}

fn is_number(column_type: &ColumnType) -> bool {
    matches!(column_type, ColumnType::Long | ColumnType::Double | ColumnType::Float)
}

/// A string column through an extraction function, once per entry.
fn extracted(column: ColumnRef, extraction: &ExtractionFn) -> Result<ColumnRef> {
    let Some(dictionary) = column.dictionary() else { return Ok(column) };
    extraction.check_all(&*dictionary)?;
    let mapped = map(&*dictionary, |value| Some(extraction.apply(value)))?;
    Ok(Arc::new(Remapped::new(column, mapped, false)))
}

/// A column in an output type.
fn as_type(column: Option<ColumnRef>, to: &ColumnType, segment: &SegmentRef) -> Result<ColumnRef> {
    let Some(column) = column else { return nulls(to, segment.num_rows()) };
    let from = column.column_type();
    let refused = || Error::invalid(format!("a column of type {from} cannot be grouped as {to}"));
    match (&from, to) {
        (from, to) if from == to => Ok(column),
        (ColumnType::Value(_), _) => values::as_type(&column, to),
        (ColumnType::String, ColumnType::Value(shape)) if column.is_multi_value() => {
            values::arrays_of_lists(&column, segment.num_rows(), *shape)
        }
        (_, ColumnType::Value(_)) if is_all_null(&column) => nulls(to, segment.num_rows()),
        (_, ColumnType::Value(_)) => Err(refused()),
        (ColumnType::State(_), _) => nulls(to, segment.num_rows()),
        (ColumnType::String, _) if column.is_multi_value() => Ok(column),
        (ColumnType::String, _) => Ok(numbers_of_text(column, to)),
        (_, ColumnType::String) => text_of_numbers(&column, segment, None),
        _ => Ok(Arc::new(Cast::new(column, to.clone()))),
    }
}

fn numbers_of_text(column: ColumnRef, to: &ColumnType) -> ColumnRef {
    let Some(dictionary) = column.dictionary() else { return column };
    let entries = (0u32..).take(dictionary.len()).map(|code| dictionary.get(code));
    let values: ArrayRef = match to {
        ColumnType::Long => Arc::new(entries.map(|v| read::long(v?)).collect::<Int64Array>()),
        ColumnType::Double => Arc::new(entries.map(|v| read::double(v?)).collect::<Float64Array>()),
        ColumnType::Float => Arc::new(entries.map(|v| read::float(v?)).collect::<Float32Array>()),
        ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => return column,
    };
    by_codes::decoded(column, to.clone(), values)
}

/// What a function of times gives, asked once for each step within which it stays the same. `None` when it does not.
fn text_of_steps(segment: &SegmentRef, extraction: &ExtractionFn) -> Option<Result<ColumnRef>> {
    let steps = Steps::of(segment.sorted_times()?, segment.num_rows(), extraction.step_ms()?)?;
    let texts: Vec<_> = steps.firsts().values().iter().map(|first| extraction.apply_long(*first)).collect();
    let is_steady = steps.lasts().values().iter().zip(&texts).all(|(last, text)| extraction.apply_long(*last) == *text);
    is_steady.then(|| by_codes::texts(Arc::new(steps), texts.into_iter()))
}
