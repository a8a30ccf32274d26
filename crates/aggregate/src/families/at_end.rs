//! Rows that come in the order of their times: only the first or the last one of each group can matter.

use arrow_array::{Array, Float32Array, Float64Array, Int64Array};

use crate::accumulator::{Accumulator, FieldLayout, StateReader};
use crate::arena::Arena;
use crate::error::Result;
use crate::input::{ColumnType, Groups, Input, Lane, Rows};
use crate::span::{Span, for_each_row};

/// Rows for each group, from which on it pays to find the one that matters.
const MIN_ROWS_PER_GROUP: usize = 8;

/// Gives an accumulator of a number and a time only rows that can matter.
pub(crate) struct AtEnd {
    inner: Box<dyn Accumulator>,
    is_last: bool,
    met: Vec<bool>,
    rows: Vec<usize>,
    ids: Vec<u32>,
}

impl AtEnd {
    pub fn boxed(inner: Box<dyn Accumulator>, is_last: bool) -> Box<dyn Accumulator> {
        Box::new(AtEnd { inner, is_last, met: Vec::new(), rows: Vec::new(), ids: Vec::new() })
    }

    /// Lists one row of each group. False where rows are in another order or groups are many.
    fn pick(&mut self, span: &Span<'_>, times: &Int64Array) -> bool {
        let groups = span.local_groups();
        let num_groups = groups.bound();
        let is_sorted = || times.null_count() == 0 && times.values()[span.start..span.end].is_sorted();
        if span.num_rows() / MIN_ROWS_PER_GROUP < num_groups || !is_sorted() {
            return false;
        }
        self.rows.clear();
        self.ids.clear();
        self.met.clear();
        self.met.resize(num_groups, false);
        match (span.local_rows(), self.is_last) {
            (Rows::All, true) => self.pick_of(groups, (0..span.num_rows()).rev()),
            (Rows::All, false) => self.pick_of(groups, 0..span.num_rows()),
            (rows, is_last) => {
                let mut listed = Vec::new();
                for_each_row(span.num_rows(), rows, |row| listed.push(row));
                match is_last {
                    true => self.pick_of(groups, listed.into_iter().rev()),
                    false => self.pick_of(groups, listed.into_iter()),
                }
            }
        }
        true
    }

    fn pick_of(&mut self, groups: Groups<'_>, mut rows: impl Iterator<Item = usize>) {
        let AtEnd { met, rows: picked, ids, .. } = self;
        let mut pick = |row: usize, id: usize| {
            if !std::mem::replace(&mut met[id], true) {
                picked.push(row);
                ids.push(id as u32);
            }
            picked.len() < met.len()
        };
        match groups {
            Groups::One => rows.next().is_none_or(|row| pick(row, 0)),
            Groups::U8(all) => rows.all(|row| pick(row, all[row].into())),
            Groups::U16(all) => rows.all(|row| pick(row, all[row].into())),
            Groups::U32(all) => rows.all(|row| pick(row, all[row] as usize)),
        };
    }

    fn fold_picked(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, inputs: [Input<'_>; 2]) -> Result<()> {
        let AtEnd { inner, rows, ids, .. } = self;
        let groups = Groups::U32(ids);
        let span = Span { groups, rows: Rows::All, start: 0, end: ids.len(), prefetch: false, ..*span };
        debug_assert_eq!(rows.len(), ids.len());
        inner.fold(arena, offset, &span, &inputs)
    }
}

impl Accumulator for AtEnd {
    fn lanes(&self) -> &[Lane] {
        self.inner.lanes()
    }

    fn begin_segment(&mut self, columns: &[Option<ColumnType>]) -> Result<()> {
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

    fn fold(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, inputs: &[Input<'_>]) -> Result<()> {
        let [value @ (Input::Long(_) | Input::Double(_) | Input::Float(_)), Input::Long(times)] = inputs else {
            return self.inner.fold(arena, offset, span, inputs);
        };
        if !self.pick(span, times) {
            return self.inner.fold(arena, offset, span, inputs);
        }
        let rows = self.rows.iter().map(|row| span.start + row);
        let picked_times: Int64Array = rows.clone().map(|row| times.value(row)).collect::<Vec<_>>().into();
        match value {
            Input::Long(longs) => {
                let picked: Int64Array = rows.map(|row| longs.is_valid(row).then(|| longs.value(row))).collect();
                self.fold_picked(arena, offset, span, [Input::Long(&picked), Input::Long(&picked_times)])
            }
            Input::Double(doubles) => {
                let picked: Float64Array = rows.map(|row| doubles.is_valid(row).then(|| doubles.value(row))).collect();
                self.fold_picked(arena, offset, span, [Input::Double(&picked), Input::Long(&picked_times)])
            }
            Input::Float(floats) => {
                let picked: Float32Array = rows.map(|row| floats.is_valid(row).then(|| floats.value(row))).collect();
                self.fold_picked(arena, offset, span, [Input::Float(&picked), Input::Long(&picked_times)])
            }
            _ => self.inner.fold(arena, offset, span, inputs),
        }
    }

    fn merge(&mut self, arena: &mut Arena, offset: usize, span: &Span<'_>, states: &dyn Array) -> Result<()> {
        self.inner.merge(arena, offset, span, states)
    }

    fn reader(&self, offset: usize) -> Box<dyn StateReader> {
        self.inner.reader(offset)
    }

    fn lies_in_records(&self) -> bool {
        self.inner.lies_in_records()
    }

    fn memory_bytes(&self) -> usize {
        self.inner.memory_bytes()
    }
}
