//! All segments in time order: cursors open when their time comes and read a vector at a time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, Int64Array, UInt32Array};
use segment::{ColumnRef, SegmentRef, TIME_COLUMN};

use super::{Opened, ScanBatch, ScanColumn, ScanPlan, names_of};
use crate::exec::{ExecContext, Reservation};
use crate::finalize::{Values, concat};
use crate::run::unexpected;
use crate::{Error, Result};

pub(super) struct Ordered {
    plan: Arc<ScanPlan>,
    exec: ExecContext,
    names: Vec<String>,
    descending: bool,
    cursors: Vec<Cursor>,
    /// Next instant of each cursor, turned round when descending; a cursor not open yet stands at its bound.
    heap: BinaryHeap<Reverse<(i64, usize)>>,
    skip: usize,
    left: usize,
}

struct Cursor {
    segment: SegmentRef,
    opened: Option<(Opened, ColumnRef)>,
    vectors: VecDeque<Range<usize>>,
    /// Time and row of the rows at hand, in order.
    ready: VecDeque<(i64, u32)>,
    is_sorted: bool,
    held: Reservation,
}

impl Ordered {
    pub fn new(plan: Arc<ScanPlan>, segments: Vec<SegmentRef>, descending: bool, exec: ExecContext) -> Result<Self> {
        let mut names: Vec<String> = Vec::new();
        for segment in &segments {
            for name in names_of(&plan, segment) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        let (skip, left) = (plan.offset, plan.limit);
        let mut ordered =
            Self { plan, exec, names, descending, cursors: Vec::new(), heap: BinaryHeap::new(), skip, left };
        for (at, segment) in segments.into_iter().enumerate() {
            let range = segment.time_range();
            let bound = if descending { range.end.saturating_sub(1) } else { range.start };
            ordered.heap.push(Reverse((ordered.key(bound), at)));
            let held = Reservation::new(&ordered.exec.memory);
            ordered.cursors.push(Cursor {
                is_sorted: segment.sorted_times().is_some(),
                segment,
                opened: None,
                vectors: VecDeque::new(),
                ready: VecDeque::new(),
                held,
            });
        }
        Ok(ordered)
    }

    fn key(&self, time: i64) -> i64 {
        if self.descending { !time } else { time }
    }

    fn next_batch(&mut self) -> Result<Option<ScanBatch>> {
        let want = self.plan.batch_rows.min(self.left);
        let mut rows: Vec<(usize, u32)> = Vec::with_capacity(want.min(4096));
        while rows.len() < want {
            let Some(Reverse((_, at))) = self.heap.pop() else { break };
            let bound = self.heap.peek().map(|Reverse((key, _))| *key);
            self.advance(at, bound, want, &mut rows)?;
            if let Some(&(time, _)) = self.cursors[at].ready.front() {
                self.heap.push(Reverse((self.key(time), at)));
            }
        }
        if rows.is_empty() {
            return Ok(None);
        }
        self.left -= rows.len();
        self.gather(&rows).map(Some)
    }

    /// Rows of one cursor up to the next cursor's instant.
    fn advance(&mut self, at: usize, bound: Option<i64>, want: usize, rows: &mut Vec<(usize, u32)>) -> Result<()> {
        let descending = self.descending;
        let cursor = &mut self.cursors[at];
        if cursor.opened.is_none() {
            cursor.open(&self.plan, &self.names, descending)?;
            return cursor.fill(descending, &self.exec);
        }
        while rows.len() < want {
            let Some(&(time, row)) = cursor.ready.front() else { break };
            let key = if descending { !time } else { time };
            if bound.is_some_and(|bound| key > bound) {
                break;
            }
            cursor.ready.pop_front();
            match self.skip {
                0 => rows.push((at, row)),
                _ => self.skip -= 1,
            }
            if cursor.ready.is_empty() {
                cursor.fill(descending, &self.exec)?;
            }
        }
        Ok(())
    }

    /// The columns of rows of several segments, in the order of the rows.
    fn gather(&self, rows: &[(usize, u32)]) -> Result<ScanBatch> {
        let mut by_cursor: Vec<Vec<u32>> = vec![Vec::new(); self.cursors.len()];
        for (cursor, row) in rows {
            by_cursor[*cursor].push(*row);
        }
        let mut starts = vec![0u32; self.cursors.len()];
        let (mut parts, mut total) = (Vec::new(), 0u32);
        for (at, rows) in by_cursor.iter().enumerate() {
            starts[at] = total;
            if let (false, Some((opened, _))) = (rows.is_empty(), &self.cursors[at].opened) {
                parts.push(opened.take(rows)?);
                total += rows.len() as u32;
            }
        }
        let order: Vec<u32> = rows
            .iter()
            .map(|(cursor, _)| {
                starts[*cursor] += 1;
                starts[*cursor] - 1
            })
            .collect();
        let order = UInt32Array::from(order);
        let columns = self.names.iter().enumerate().map(|(at, name)| {
            let values: Vec<Values> = parts.iter().map(|part| part[at].values.clone()).collect();
            let type_name = parts.iter().find_map(|part| part[at].type_name.clone());
            Ok(ScanColumn { name: name.clone(), type_name, values: concat(&values)?.take(&order)? })
        });
        Ok(ScanBatch { segment: None, columns: columns.collect::<Result<_>>()?, num_rows: rows.len() })
    }
}

impl Cursor {
    fn open(&mut self, plan: &ScanPlan, names: &[String], descending: bool) -> Result<()> {
        let opened = Opened::new(plan, &self.segment, names)?;
        let time = opened.segment.column(TIME_COLUMN).ok_or_else(|| Error::internal("a segment without __time"))?;
        self.vectors = opened.selection.vectors(0..self.segment.num_rows()).into();
        if descending && self.is_sorted {
            self.vectors.make_contiguous().reverse();
        }
        self.opened = Some((opened, time));
        Ok(())
    }

    /// Makes more rows ready, if there are any. Rows that are not sorted are all read at once.
    fn fill(&mut self, descending: bool, exec: &ExecContext) -> Result<()> {
        let Some((opened, time)) = &mut self.opened else { return Ok(()) };
        while self.ready.is_empty() || !self.is_sorted {
            exec.check()?;
            let Some(rows) = self.vectors.pop_front() else { break };
            let start = rows.start;
            let Some(selected) = opened.selection.select(rows.clone())? else { continue };
            let array = time.read(rows);
            let times = array.as_any().downcast_ref::<Int64Array>().ok_or_else(|| unexpected(TIME_COLUMN))?;
            let rows = selected.positions().into_iter();
            self.ready.extend(rows.map(|row| (times.value(row as usize), start as u32 + row)));
            self.held.resize(self.ready.len() * size_of::<(i64, u32)>())?;
        }
        let ready = self.ready.make_contiguous();
        if !self.is_sorted {
            ready.sort_by_key(|(time, _)| if descending { !*time } else { *time });
        } else if descending {
            ready.reverse();
        }
        Ok(())
    }
}

impl Iterator for Ordered {
    type Item = Result<ScanBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}
