//! What readers hold: the fold of the records up to a moment.

use std::sync::{Arc, OnceLock};

use aggregate::{ColumnType, FoldSnapshot};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use timeline::{Interval, SegmentId};

use super::dimension::{Dimension, Values};
use super::index::LiveIndex;
use super::numbers::LiveNumbers;
use super::shed::StateRows;
use super::states::LiveStates;
use super::texts::{LiveRows, LiveTexts};
use crate::{
    ColumnRef, ColumnSchema, Role, RollupSchema, Schema, Segment, SegmentMetadata, SortedTimes, TIME_COLUMN,
    WEIGHT_COLUMN,
};

/// A live index at one moment. Neither keys nor states change while it is held.
pub struct LiveSnapshot {
    id: SegmentId,
    schema: Arc<Schema>,
    metadata: Arc<SegmentMetadata>,
    times: ColumnRef,
    num_rows: usize,
    time_range: Interval,
    is_sorted: bool,
    runs: OnceLock<Option<SortedTimes>>,
    /// By place in the schema, without `__time`.
    columns: Vec<ColumnRef>,
}

impl LiveSnapshot {
    pub(super) fn of(index: &mut LiveIndex) -> Self {
        let (times, num_rows) = (Arc::new(LiveNumbers::new(index.times.view())), index.num_rows());
        let states = index.fold.as_mut().map(|fold| Arc::new(fold.snapshot()));
        let mut columns: Vec<ColumnRef> = index.dimensions.iter().map(dimension_column).collect();
        let metrics: Vec<ColumnType> = index.folded_specs().iter().map(|spec| spec.state_type()).collect();
        columns.extend(
            metrics
                .into_iter()
                .enumerate()
                .map(|(at, column_type)| metric_column(index, states.clone(), at, column_type)),
        );
        let (start, end) = if num_rows == 0 { (0, 0) } else { (index.min_time, index.max_time.saturating_add(1)) };
        Self {
            id: index.id.clone(),
            schema: schema(index, &columns),
            metadata: index.metadata.clone(),
            times,
            num_rows,
            time_range: Interval { start, end },
            is_sorted: index.is_sorted,
            runs: OnceLock::new(),
            columns,
        }
    }
}

/// The columns' schema: the last one, unless a dimension has become multi-value since.
fn schema(index: &mut LiveIndex, columns: &[ColumnRef]) -> Arc<Schema> {
    let multi_value = |schema: &Schema| {
        let known = schema.columns().iter().skip(1).map(|c| c.multi_value);
        known.eq(columns.iter().map(|c| c.is_multi_value()))
    };
    match &index.columns {
        Some(schema) if multi_value(schema) => schema.clone(),
        _ => {
            let schema = Arc::new(schema_of(&index.schema, columns, index.weight.is_some()));
            index.columns = Some(schema.clone());
            schema
        }
    }
}

fn schema_of(rollup: &RollupSchema, columns: &[ColumnRef], weight: bool) -> Schema {
    let names = rollup.dimensions.iter().map(|d| (d.name.clone(), Role::Dimension));
    let names = names.chain(rollup.aggregators.iter().map(|a| (a.name().into(), Role::Metric)));
    let names = names.chain(weight.then(|| (WEIGHT_COLUMN.into(), Role::Hidden)));
    let of = |(name, role), column_type, multi_value| ColumnSchema { name, column_type, multi_value, role };
    let time = of((TIME_COLUMN.into(), Role::Time), ColumnType::Long, false);
    let rest = names.zip(columns).map(|(name, c)| of(name, c.column_type(), c.is_multi_value()));
    Schema::new([time].into_iter().chain(rest).collect()).expect("names are distinct in a checked schema")
}

fn dimension_column(dimension: &Dimension) -> ColumnRef {
    match &dimension.values {
        Values::Text { values, lists, rows } => {
            let (column_type, rows) = (dimension.schema.column_type.clone(), LiveRows::new(rows.view()));
            let texts = LiveTexts::new(column_type, rows, values.view(), lists.view());
            Arc::new(texts.with_gather(dimension.gather.clone()))
        }
        Values::Number { rows, .. } => Arc::new(LiveNumbers::new(rows.view())),
    }
}

fn metric_column(
    index: &LiveIndex,
    states: Option<Arc<FoldSnapshot>>,
    aggregator: usize,
    column_type: ColumnType,
) -> ColumnRef {
    let is_nullable = index.nullable[aggregator];
    match states {
        Some(records) if column_type.is_number() => {
            let full = index.shed.columns.get(aggregator).cloned().unwrap_or_default();
            let has_nulls = OnceLock::new();
            Arc::new(LiveNumbers::new(StateRows { full, records, aggregator, column_type, is_nullable, has_nulls }))
        }
        states => Arc::new(LiveStates::new(states, aggregator, column_type, is_nullable)),
    }
}

impl Segment for LiveSnapshot {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn num_rows(&self) -> usize {
        self.num_rows
    }

    fn time_range(&self) -> Interval {
        self.time_range
    }

    fn column(&self, name: &str) -> Option<ColumnRef> {
        match self.schema.position(name)? {
            0 => Some(self.times.clone()),
            at => self.columns.get(at - 1).cloned(),
        }
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        if !self.is_sorted {
            return None;
        }
        let runs = || {
            if let Some(times) = self.times.packed() {
                return Some(SortedTimes::known(times));
            }
            let times = self.times.read(0..self.num_rows);
            SortedTimes::from_times(times.as_primitive_opt::<Int64Type>()?.values())
        };
        self.runs.get_or_init(runs).as_ref()
    }

    fn metadata(&self) -> &SegmentMetadata {
        &self.metadata
    }
}
