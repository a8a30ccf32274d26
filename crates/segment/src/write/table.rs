//! The finished columns of a segment, from which its file and its image are written.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use aggregate::{ColumnType, Shape};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef};
use timeline::Interval;

use super::keys::KeyColumn;
use super::metrics::Metrics;
use super::order::Order;
use crate::batch_view::string_column;
use crate::nested::fields_of;
use crate::sealed::Prepared;
use crate::{ArrayColumn, BatchView, Column, Result, Role, RollupSchema, Segment, WEIGHT_COLUMN};

/// Sorted, rolled-up rows in memory.
pub struct Table {
    view: Arc<BatchView>,
    num_records: u64,
    /// Dimensions for which no bitmaps are wanted.
    without_bitmaps: HashSet<Arc<str>>,
    /// What its file and its image have in common.
    prepared: OnceLock<Arc<Prepared>>,
}

impl Table {
    /// The rows, as a segment.
    pub fn view(&self) -> &Arc<BatchView> {
        &self.view
    }

    pub fn num_rows(&self) -> usize {
        self.view.num_rows()
    }

    /// Records folded into the rows.
    pub fn num_records(&self) -> u64 {
        self.num_records
    }

    /// First time to last time + 1 ms.
    pub fn time_range(&self) -> Interval {
        self.view.time_range()
    }

    /// What its file and its image have in common, made by `make` when it is first asked for.
    pub(crate) fn prepared(&self, make: impl FnOnce() -> Result<Prepared>) -> Result<Arc<Prepared>> {
        if let Some(prepared) = self.prepared.get() {
            return Ok(prepared.clone());
        }
        let prepared = Arc::new(make()?);
        Ok(self.prepared.get_or_init(|| prepared).clone())
    }

    pub(crate) fn wants_bitmaps(&self, column: &str) -> bool {
        !self.without_bitmaps.contains(column)
    }
}

pub(super) fn assemble(
    times: &[i64],
    keys: &[KeyColumn],
    metrics: Metrics,
    order: &Order,
    schema: &RollupSchema,
) -> Result<Table> {
    let mut builder =
        BatchView::builder().time(order.firsts.iter().map(|&row| times[row as usize])).metadata(schema.metadata(false));
    let mut at = 0;
    for (dimension, keys) in schema.dimensions.iter().zip(keys) {
        let mut column = keys.column(order, at)?;
        at += keys.num_bits();
        if column.column_type() == ColumnType::Value(Shape::Json) {
            let fields = fields_of(&column)?;
            column = column.with_fields(fields);
        }
        builder = builder.column(&dimension.name, Arc::new(column)).role(&dimension.name, Role::Dimension);
    }
    let num_records = metrics.weights.values().iter().map(|&w| w.max(0) as u64).sum();
    let keep = weight_is_news(&metrics, schema);
    for (spec, states) in schema.aggregators.iter().zip(metrics.states) {
        let column = metric(spec.state_type(), states)?;
        builder = builder.column(spec.name(), Arc::new(column)).role(spec.name(), Role::Metric);
    }
    if keep {
        let column = ArrayColumn::plain(ColumnType::Long, Arc::new(metrics.weights))?;
        builder = builder.column(WEIGHT_COLUMN, Arc::new(column)).role(WEIGHT_COLUMN, Role::Hidden);
    }
    let without = schema.dimensions.iter().filter(|d| !d.create_bitmap_index).map(|d| d.name.clone());
    Ok(Table { view: builder.build()?, num_records, without_bitmaps: without.collect(), prepared: OnceLock::new() })
}

/// Whether the weights say more than the count metric, or than "one each" when there is none.
fn weight_is_news(metrics: &Metrics, schema: &RollupSchema) -> bool {
    let counts = schema.count_metric().and_then(|at| metrics.states.get(at));
    match counts.and_then(|states| states.as_primitive_opt::<Int64Type>()) {
        Some(counts) => counts.null_count() > 0 || counts.values() != metrics.weights.values(),
        None => metrics.weights.values().iter().any(|&w| w != 1),
    }
}

fn metric(column_type: ColumnType, states: ArrayRef) -> Result<ArrayColumn> {
    match (&column_type, states.as_string_opt::<i32>()) {
        (ColumnType::String, Some(texts)) => string_column(texts),
        _ => ArrayColumn::plain(column_type, states),
    }
}
