//! Rows of a segment seen anew: some of them, in another order or several times, with more columns beside them.

use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use segment::{ColumnRef, Schema, Segment, SegmentMetadata, SegmentRef, SortedTimes, TIME_COLUMN, VECTOR_ROWS};
use timeline::{Interval, SegmentId};

use super::picked::{Picked, PickedColumn, TimeColumn};
use crate::exec::Reservation;
use crate::{Error, Result};

/// A segment made of another. Its rows and columns are read when they are asked for.
pub(super) struct View {
    base: SegmentRef,
    /// `None`: those of the base.
    rows: Option<Picked>,
    beside: Beside,
    schema: Schema,
    num_rows: usize,
    /// Where it is not that of the base.
    time: Option<ColumnRef>,
    time_range: Interval,
    runs: Option<SortedTimes>,
    _held: Reservation,
}

/// Columns that the base does not have.
pub(super) enum Beside {
    Nothing,
    /// One column, which hides one of the same name.
    Column {
        name: Arc<str>,
        column: ColumnRef,
    },
    /// Those of another segment under a prefix, which hide all that begin with it.
    Segment {
        prefix: Arc<str>,
        segment: SegmentRef,
        rows: Picked,
    },
}

impl View {
    /// `rows` are those of the base, as are the gaps in them; `stamp` is the time of gaps. `schema` names all columns.
    pub fn over(
        base: SegmentRef,
        rows: Option<Picked>,
        beside: Beside,
        schema: Schema,
        stamp: i64,
        held: Reservation,
    ) -> Result<SegmentRef> {
        let Some(picked) = rows else {
            let (num_rows, time_range) = (base.num_rows(), base.time_range());
            let runs = base.sorted_times().cloned();
            return Ok(Arc::new(View {
                base,
                rows,
                beside,
                schema,
                num_rows,
                time: None,
                time_range,
                runs,
                _held: held,
            }));
        };
        let times = times(&base, &picked, stamp)?;
        let time_range = Interval {
            start: times.iter().min().copied().unwrap_or(0),
            end: times.iter().max().map_or(0, |last| last.saturating_add(1)),
        };
        let runs = SortedTimes::from_times(&times);
        let time: ColumnRef = Arc::new(TimeColumn::new(Int64Array::from(times)));
        let (num_rows, rows) = (picked.len(), Some(picked));
        Ok(Arc::new(View { base, rows, beside, schema, num_rows, time: Some(time), time_range, runs, _held: held }))
    }

    fn of_base(&self, name: &str) -> Option<ColumnRef> {
        let column = self.base.column(name)?;
        match &self.rows {
            None => Some(column),
            Some(_) if name == TIME_COLUMN => self.time.clone(),
            Some(rows) => Some(Arc::new(PickedColumn::new(column, rows.clone()))),
        }
    }
}

fn times(base: &SegmentRef, rows: &Picked, stamp: i64) -> Result<Vec<i64>> {
    let column = base.column(TIME_COLUMN).ok_or_else(|| Error::internal("a segment without __time"))?;
    let mut times = Vec::with_capacity(rows.len());
    for start in (0..rows.len()).step_by(VECTOR_ROWS) {
        let slice = rows.slice(start..rows.len().min(start + VECTOR_ROWS));
        let there: Vec<u32> = slice.iter().copied().filter(|row| *row != Picked::GAP).collect();
        let array = column.take(&there);
        let mut values = array.as_primitive::<Int64Type>().values().iter();
        times.extend(slice.iter().map(|row| match *row {
            Picked::GAP => stamp,
            _ => values.next().copied().unwrap_or(stamp),
        }));
    }
    Ok(times)
}

impl Segment for View {
    fn id(&self) -> &SegmentId {
        self.base.id()
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
        match &self.beside {
            Beside::Column { name: own, column } if &**own == name => Some(column.clone()),
            Beside::Segment { prefix, segment, rows } => match name.strip_prefix(&**prefix) {
                Some(inner) => {
                    let column = segment.column(inner)?;
                    Some(Arc::new(PickedColumn::new(column, rows.clone())))
                }
                None => self.of_base(name),
            },
            Beside::Nothing | Beside::Column { .. } => self.of_base(name),
        }
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        self.runs.as_ref()
    }

    fn metadata(&self) -> &SegmentMetadata {
        self.base.metadata()
    }
}
