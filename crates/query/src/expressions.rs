//! Expressions and dimension specs that aggregators name, as columns of a segment.

use aggregate::{ColumnType, Kind};
use expression::{DimensionSpec, Environment, VirtualColumns, WithVirtual};
use segment::{ColumnRef, SegmentRef};
use serde_json::{Value, json};

use crate::{Error, Result};

const NAME: &str = "__input";

/// Aggregator types beyond the built-in ones.
pub(crate) fn aggregator_kinds() -> &'static [&'static Kind] {
    expression::AGGREGATORS
}

/// The segment with its virtual columns.
pub(crate) fn with_virtual(segment: &SegmentRef, columns: &VirtualColumns) -> Result<SegmentRef> {
    Ok(WithVirtual::new(segment.clone(), columns)?)
}

/// The values of an expression as a column of numbers; lists of several are none.
pub(crate) fn expression_column(text: &str, segment: &SegmentRef, env: &Environment) -> Result<Option<ColumnRef>> {
    let column = computed(json!([{"type": "expression", "name": NAME, "expression": text}]), segment, env)?;
    if column.column_type() != ColumnType::String {
        return Ok(Some(column));
    }
    // Texts are read as numbers.
    let column = computed(
        json!([{"type": "expression", "name": NAME, "expression": text, "outputType": "DOUBLE"}]),
        segment,
        env,
    )?;
    Ok(Some(column))
}

fn computed(columns: Value, segment: &SegmentRef, env: &Environment) -> Result<ColumnRef> {
    let columns = VirtualColumns::parse_with(&columns, env)?;
    let segment = with_virtual(segment, &columns)?;
    segment.column(NAME).ok_or_else(|| Error::internal("an expression without a column"))
}

/// The values of a dimension spec as a column; `None` when it is a plain one of a column that is missing.
pub(crate) fn dimension_column(json: &Value, segment: &SegmentRef, env: &Environment) -> Result<Option<ColumnRef>> {
    let spec = DimensionSpec::parse_with(json, env)?;
    if !spec.is_plain() {
        return Ok(Some(spec.bind(segment)?));
    }
    // Numbers are hashed as numbers, whatever the output type.
    match segment.column(spec.dimension()).map(expression::plain_column).transpose()? {
        None => Ok(None),
        Some(column) if is_number(&column.column_type()) => Ok(Some(column)),
        Some(_) => Ok(Some(spec.bind(segment)?)),
    }
}

fn is_number(column_type: &ColumnType) -> bool {
    matches!(column_type, ColumnType::Long | ColumnType::Double | ColumnType::Float)
}
