//! A table of an answer as a segment, so that filters, expressions and outer queries read it like any other.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType};
use arrow_array::{Array, ArrayRef, StringArray};
use expression::{Expr, Kind, Vector};
use segment::{BatchView, Role, SegmentMetadata, SegmentRef, TIME_COLUMN};

use crate::Result;
use crate::finalize::{Table, Values};

/// The rows as a segment. `__time` is read if there is such a column, else it is 0 and not shown.
pub(crate) fn table_segment(table: &Table) -> Result<SegmentRef> {
    let n = table.num_rows();
    let mut builder = BatchView::builder().num_rows(n);
    let times = table.get(TIME_COLUMN);
    builder = builder.time((0..n).map(|row| times.and_then(|times| times.long(row)).unwrap_or(0)));
    if times.is_none() || table.hides_time {
        builder = builder.role(TIME_COLUMN, Role::Hidden);
    }
    let mut aggregators = Vec::new();
    for (at, (name, values)) in table.columns().iter().enumerate() {
        let hidden = table.columns()[at + 1..].iter().any(|(later, _)| later == name);
        if hidden || name == TIME_COLUMN {
            continue;
        }
        builder = match values {
            Values::Long(a) => builder.array(name, ColumnType::Long, Arc::new(a.clone())),
            Values::Double(a) => builder.array(name, ColumnType::Double, Arc::new(a.clone())),
            Values::Float(a) => builder.array(name, ColumnType::Float, Arc::new(a.clone())),
            Values::State { states, spec } => {
                aggregators.push(spec.to_json());
                builder.array(name, state_type(spec, states), states.clone())
            }
            Values::Coded { codes, dictionary } if let Some(shape) = dictionary.keys_of() => {
                let texts: StringArray = codes.iter().map(|code| dictionary.get(*code)).collect();
                builder.values(name, shape, texts)
            }
            Values::Lists { .. } => builder.strings(name, (0..n).map(|row| values.list(row))),
            other => builder.string(name, (0..n).map(|row| other.text(row))),
        };
    }
    Ok(builder.metadata(SegmentMetadata { aggregators, ..SegmentMetadata::default() }).build()?)
}

fn state_type(spec: &Arc<dyn AggregatorSpec>, states: &ArrayRef) -> ColumnType {
    match spec.state_type() {
        ColumnType::String if !states.as_any().is::<StringArray>() => ColumnType::state(spec.type_tag()),
        other => other,
    }
}

/// An expression over finalized columns.
pub(crate) fn eval(expr: &Expr, table: &Table) -> Result<Values> {
    let column = |name: &str| table.get(name).map(vector).transpose();
    let values = expr.eval(table.num_rows(), column)?;
    if matches!(values, Vector::Constant(..) | Vector::Mixed(_))
        && let Some((keys, shape)) = values.to_keys()
    {
        return Ok(Values::of_keys(&keys, shape));
    }
    Ok(match values.widest_kind() {
        Kind::Long => Values::Long(values.to_arrow_as(Kind::Long).to_data().into()),
        Kind::Double => Values::Double(values.to_arrow_as(Kind::Double).to_data().into()),
        Kind::Text | Kind::Json => Values::Text(values.to_arrow_as(Kind::Text).to_data().into()),
    })
}

/// What an expression reads of a column.
fn vector(values: &Values) -> expression::Result<Vector> {
    Ok(match values {
        Values::Coded { codes, dictionary } if dictionary.keys_of().is_some() => {
            Vector::from_keys(codes.iter().map(|code| dictionary.get(*code)))
        }
        other => Vector::from_arrow(&other.to_arrow())?,
    })
}
