//! Rows of any segments, folded into one sorted table: the path of spills, seals and merges.

mod adapt;
mod bind;
mod keys;
mod metrics;
mod order;
mod sorting;
mod table;
mod texts;

use std::ops::Range;
use std::sync::Arc;

use aggregate::Rows;
use timeline::Interval;

pub use bind::{bind, goes_with};
pub(crate) use metrics::empty_states;
pub use table::Table;

use crate::rollup_schema::TimeFloor;
use crate::{Column, Error, Result, RollupSchema, Segment, TIME_COLUMN, VECTOR_ROWS};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;

/// Rows to be folded.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub segment: &'a dyn Segment,
    /// Rows to take: bit i stands for row i, bits past the last row are zero. `None` takes all.
    pub rows: Option<&'a [u64]>,
}

impl<'a> Source<'a> {
    pub fn all(segment: &'a dyn Segment) -> Self {
        Self { segment, rows: None }
    }
}

/// Mask words of the rows of a segment whose time lies in the interval.
pub fn rows_within(segment: &dyn Segment, interval: Interval) -> Vec<u64> {
    let num_rows = segment.num_rows();
    let mut words = vec![0u64; num_rows.div_ceil(64)];
    if let Some(column) = segment.column(TIME_COLUMN) {
        let times = column.read(0..num_rows);
        if let Some(times) = times.as_primitive_opt::<Int64Type>() {
            for (row, time) in times.values().iter().enumerate() {
                words[row / 64] |= u64::from(interval.contains(*time)) << (row % 64);
            }
        }
    }
    words
}

/// Folds the rows of the sources into one table of the schema: sorted by time, then dimensions in their
/// order, nulls first; equal keys share a row when the schema rolls up. Sources later in the list count as
/// later records. Columns that a source lacks are null there; those the schema lacks are dropped. Fails
/// when a source's states are of another kind than the schema's, and past `u32::MAX` rows.
pub fn merge(sources: &[Source<'_>], schema: &RollupSchema) -> Result<Table> {
    schema.check()?;
    let parts = sources.iter().map(Part::of).collect::<Result<Vec<_>>>()?;
    let num_rows: usize = parts.iter().map(Part::len).sum();
    if u32::try_from(num_rows).is_err() {
        return Err(Error::LimitExceeded(format!("{num_rows} rows in one segment")));
    }
    let mut floor = TimeFloor::new(&schema.query_granularity);
    let times: Vec<i64> = parts.iter().flat_map(|p| p.times.iter()).map(|&t| floor.floor(t)).collect();
    let keys = schema.dimensions.iter().map(|d| keys::KeyColumn::of(&parts, d)).collect::<Result<Vec<_>>>()?;
    let order = order::Order::of(&times, &keys, schema.rollup);
    let metrics = metrics::fold(&parts, schema, &order)?;
    table::assemble(&times, &keys, metrics, &order, schema)
}

/// One source, with its rows spelled out.
struct Part<'a> {
    segment: &'a dyn Segment,
    /// `None`: all.
    rows: Option<Vec<u32>>,
    times: Vec<i64>,
}

impl<'a> Part<'a> {
    fn of(source: &Source<'a>) -> Result<Self> {
        let segment = source.segment;
        let num_rows = segment.num_rows();
        let rows = source.rows.map(|mask| {
            let mut rows = Vec::new();
            aggregate::for_each_row(num_rows, Rows::Mask(mask), |row| rows.push(row as u32));
            rows
        });
        if rows.as_ref().and_then(|r| r.last()).is_some_and(|&last| last as usize >= num_rows) {
            return Err(Error::invalid("a mask selects rows past the end of its segment"));
        }
        let mut part = Self { segment, rows, times: Vec::new() };
        let Some(times) = part.read(TIME_COLUMN) else { return Err(Error::invalid("a segment without time")) };
        let times = times.array.as_primitive_opt::<Int64Type>().ok_or_else(|| Error::invalid("time must be long"))?;
        part.times = times.values().to_vec();
        Ok(part)
    }

    fn len(&self) -> usize {
        self.rows.as_ref().map_or(self.segment.num_rows(), Vec::len)
    }

    /// The wanted rows of a column.
    fn read(&self, name: &str) -> Option<ReadColumn> {
        self.segment.column(name).map(|column| self.read_column(&*column))
    }

    fn read_column(&self, column: &dyn Column) -> ReadColumn {
        let array = match &self.rows {
            Some(rows) => column.take(rows),
            None => column.read(0..self.segment.num_rows()),
        };
        ReadColumn { column_type: column.column_type(), array, dictionary: column.dictionary() }
    }

    /// The wanted rows vector by vector: blocks of a live column stay where they are.
    fn pieces(&self, read: impl Fn(Range<usize>) -> ArrayRef, take: impl Fn(&[u32]) -> ArrayRef) -> Vec<ArrayRef> {
        match &self.rows {
            Some(rows) => rows.chunks(VECTOR_ROWS).map(take).collect(),
            None => {
                let num_rows = self.segment.num_rows();
                let starts = (0..num_rows).step_by(VECTOR_ROWS);
                starts.map(|start| read(start..num_rows.min(start + VECTOR_ROWS))).collect()
            }
        }
    }
}

struct ReadColumn {
    column_type: aggregate::ColumnType,
    array: ArrayRef,
    dictionary: Option<Arc<dyn aggregate::Dictionary>>,
}
