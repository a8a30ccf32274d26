//! Rows of one batch of records, as columns.

use std::sync::Arc;

use expression::TimestampFormat;

use super::auto::{Resolved, Values};
use super::cell::Cell;
use super::column::{NumberColumn, TextColumn};
use super::formats::Reader;
use super::interner::Interner;
use super::layout::{FieldId, Layout};
use super::reject::{Outcome, Reason, Reject};
use super::seen::Seen;
use super::slot::{Slot, Store, Trouble};
use super::stats::RowStats;
use crate::spec::{Dimension, DimensionType, MAX_DIMENSIONS, TimestampSpec};

/// A column of a batch.
#[derive(Debug, Clone, Copy)]
pub enum ColumnView<'a> {
    /// Codes of an interner, one or several a row.
    Text(&'a TextColumn, &'a Interner),
    /// Longs.
    Long(&'a NumberColumn<i64>),
    /// Doubles.
    Double(&'a NumberColumn<f64>),
    /// Floats.
    Float(&'a NumberColumn<f32>),
    /// The times of the rows.
    Time(&'a [i64]),
    /// Null in every row.
    Absent,
}

/// Rows of a batch and what became of every record. One batch is used again and again: its
/// dictionaries and what it learned about the layout of records outlive the rows.
#[derive(Debug)]
pub struct ParsedBatch {
    pub(crate) layout: Layout,
    pub(crate) slots: Vec<Slot>,
    pub(crate) time: Vec<i64>,
    pub(crate) row_record: Vec<u32>,
    pub(crate) keep: Vec<u64>,
    pub(crate) metric_keep: Vec<Option<Vec<u64>>>,
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) stats: RowStats,
    pub(crate) errors: Vec<RowError>,
    pub(crate) thrown: Vec<(u32, Reason)>,
    pub(crate) failures: Vec<Failure>,
    /// Rows whose computed time is none.
    pub(crate) timeless: Vec<u32>,
    pub(crate) reader: Option<Box<dyn Reader>>,
    /// Records and rows of earlier batches of the same file.
    pub(crate) lines_before: u64,
    pub(crate) rows_before: u64,
    resolved: Vec<(Seen, Resolved)>,
    /// By slot: its values by type, where a metric asks for them.
    pub(super) values: Vec<Option<Values>>,
    schema_version: u64,
    row: RowState,
}

/// A field of a row that was nulled.
#[derive(Debug)]
pub(crate) struct RowError {
    pub(crate) row: u32,
    pub(crate) field: Arc<str>,
    pub(crate) detail: String,
}

/// A record, or one row of it, that was not taken.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) record: u32,
    /// Which row of the record, where it had rows.
    pub(crate) row_in_record: Option<u32>,
    pub(crate) reason: Reason,
    pub(crate) field: Option<String>,
    pub(crate) detail: String,
}

/// The row being written.
#[derive(Debug, Default)]
struct RowState {
    record: u32,
    row_in_record: u32,
    /// Mark of the row that last wrote a field; marks are never used twice.
    marks: Vec<u64>,
    mark: u64,
    num_seen: usize,
    time: TimeState,
    errors: usize,
}

#[derive(Debug, Default, Clone, PartialEq)]
enum TimeState {
    #[default]
    Missing,
    At(i64),
    Bad(String),
}

impl ParsedBatch {
    pub(crate) fn new(layout: Layout) -> ParsedBatch {
        let slots: Vec<Slot> = layout.slots.iter().map(|plan| plan.build()).collect();
        let mut resolved = Vec::new();
        resolved.resize_with(slots.len(), || (Seen::default(), Resolved::Nothing));
        let marks = vec![0; layout.num_fields()];
        let metric_keep = vec![None; layout.metrics.len()];
        ParsedBatch {
            layout,
            slots,
            time: Vec::new(),
            row_record: Vec::new(),
            keep: Vec::new(),
            metric_keep,
            outcomes: Vec::new(),
            rejects: Vec::new(),
            stats: RowStats::default(),
            errors: Vec::new(),
            thrown: Vec::new(),
            failures: Vec::new(),
            timeless: Vec::new(),
            reader: None,
            lines_before: 0,
            rows_before: 0,
            resolved,
            values: Vec::new(),
            schema_version: 0,
            row: RowState { marks, ..RowState::default() },
        }
    }

    /// Rows held, those masked out included.
    pub fn num_rows(&self) -> usize {
        self.time.len()
    }

    /// Records that were parsed.
    pub fn num_records(&self) -> usize {
        self.outcomes.len()
    }

    /// Times of the rows in ms, not truncated.
    pub fn time(&self) -> &[i64] {
        &self.time
    }

    /// The record each row came from; a record may give several rows.
    pub fn row_record(&self) -> &[u32] {
        &self.row_record
    }

    /// Which rows count: bit `i` is row `i`, bits past the last row are zero.
    pub fn keep(&self) -> &[u64] {
        &self.keep
    }

    /// Rows that count.
    pub fn num_kept(&self) -> usize {
        aggregate::listed::count(&self.keep)
    }

    /// Rows that a metric counts beyond [`ParsedBatch::keep`]; `None` is all.
    pub fn metric_keep(&self, metric: usize) -> Option<&[u64]> {
        self.metric_keep[metric].as_deref()
    }

    /// What became of each record.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Records and rows not taken or taken with a null field, in record order.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// Counters of this batch.
    pub fn stats(&self) -> RowStats {
        self.stats
    }

    /// Changes when a dimension was discovered, or a discovered one took another type.
    pub fn schema_version(&self) -> u64 {
        self.schema_version
    }

    /// Dimensions with their present types; discovered ones come last. A dimension of type `auto`
    /// that never held a value is a text.
    pub fn dimensions(&self) -> Vec<Dimension> {
        self.layout.dimensions.iter().map(|plan| self.present(&plan.dimension, plan.slot)).collect()
    }

    fn present(&self, dimension: &Dimension, slot: usize) -> Dimension {
        if dimension.dimension_type != DimensionType::Auto {
            return dimension.clone();
        }
        let dimension_type = match &self.slots[slot].store {
            Store::Mixed(mixed) => mixed.type_of(self.resolved[slot].0),
            _ => DimensionType::String,
        };
        Dimension {
            multi_value_handling: dimension.multi_value_handling,
            create_bitmap_index: dimension.create_bitmap_index,
            ..Dimension::new(&dimension.name, dimension_type)
        }
    }

    /// The values of a dimension, in the order of [`ParsedBatch::dimensions`].
    pub fn dimension(&self, at: usize) -> ColumnView<'_> {
        self.column(self.layout.dimensions[at].slot)
    }

    pub(crate) fn column(&self, slot: usize) -> ColumnView<'_> {
        match &self.slots[slot].store {
            Store::Text(store) => ColumnView::Text(&store.column, &store.interner),
            Store::Long(column) => ColumnView::Long(column),
            Store::Double(column) => ColumnView::Double(column),
            Store::Float(column) => ColumnView::Float(column),
            Store::Mixed(mixed) => match &self.resolved[slot].1 {
                Resolved::Values(column) => ColumnView::Text(column, mixed.interner()),
                Resolved::Nothing => ColumnView::Absent,
                Resolved::Long(column) => ColumnView::Long(column),
                Resolved::Double(column) => ColumnView::Double(column),
                Resolved::Text(column) => ColumnView::Text(column, mixed.interner()),
            },
        }
    }

    /// Memory held by dictionaries and columns, in bytes.
    pub fn memory_bytes(&self) -> usize {
        let slot = |slot: &Slot| match &slot.store {
            Store::Text(store) => store.interner.memory_bytes() + store.column.codes.capacity() * 4,
            Store::Long(column) => column.values.capacity() * 8,
            Store::Double(column) => column.values.capacity() * 8,
            Store::Float(column) => column.values.capacity() * 4,
            Store::Mixed(mixed) => mixed.interner().memory_bytes() + mixed.len() * 9,
        };
        self.slots.iter().map(slot).sum::<usize>() + self.time.capacity() * 12
    }

    /// Another file begins: its lines are counted anew, and it may have a header.
    pub fn begin_file(&mut self) {
        self.lines_before = 0;
        self.rows_before = 0;
        if let Some(reader) = &mut self.reader {
            reader.begin_file();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slots.iter_mut().for_each(Slot::clear);
        self.time.clear();
        self.row_record.clear();
        self.keep.clear();
        self.outcomes.clear();
        self.rejects.clear();
        self.stats = RowStats::default();
        self.errors.clear();
        self.thrown.clear();
        self.failures.clear();
        self.metric_keep.iter_mut().for_each(|keep| *keep = None);
    }

    /// Gives the columns of unknown type the types that their values ask for.
    pub(crate) fn resolve(&mut self) {
        for at in 0..self.layout.dimensions.len() {
            let slot = self.layout.dimensions[at].slot;
            let Store::Mixed(mixed) = &mut self.slots[slot].store else { continue };
            let before = self.resolved[slot].0;
            let seen = before.with(mixed.seen());
            self.resolved[slot] = (seen, mixed.resolve(seen));
            if mixed.type_of(seen) != mixed.type_of(before) {
                self.schema_version += 1;
            }
        }
        self.take_values_apart();
    }
}

/// Writing rows: what readers of input formats call.
impl ParsedBatch {
    pub(crate) fn begin_record(&mut self, record: u32) {
        self.row.record = record;
        self.row.row_in_record = 0;
    }

    /// Begins a row; every row ends by [`ParsedBatch::end_row`] or [`ParsedBatch::abort_row`].
    #[inline]
    pub(crate) fn begin_row(&mut self) {
        self.row.mark += 1;
        self.row.num_seen = 0;
        self.row.time = TimeState::Missing;
        self.row.errors = self.errors.len();
    }

    /// Whether the field has no value yet in this row; from now on it has.
    #[inline]
    pub(crate) fn first_sight(&mut self, field: FieldId) -> bool {
        let mark = &mut self.row.marks[field as usize];
        if *mark == self.row.mark {
            return false;
        }
        *mark = self.row.mark;
        self.row.num_seen += 1;
        true
    }

    /// Whether the field has a value in this row.
    pub(crate) fn has_seen(&self, field: FieldId) -> bool {
        self.row.marks[field as usize] == self.row.mark
    }

    /// Fields of this row that were nulled.
    pub(crate) fn row_errors(&self) -> usize {
        self.errors.len() - self.row.errors
    }

    /// A value of a field, unless it has one.
    pub(crate) fn put(&mut self, field: FieldId, cell: &Cell<'_>, format: &TimestampFormat) -> Result<(), Trouble> {
        if !self.first_sight(field) {
            return Ok(());
        }
        self.put_seen(field, cell, format)
    }

    /// The value of a field that was seen for the first time.
    pub(crate) fn put_seen(
        &mut self,
        field: FieldId,
        cell: &Cell<'_>,
        format: &TimestampFormat,
    ) -> Result<(), Trouble> {
        let targets = &self.layout.targets[field as usize];
        if targets.time {
            self.row.time = match (cell.time(format), cell) {
                (Some(time), _) => TimeState::At(time),
                (None, Cell::Null) => TimeState::Missing,
                (None, other) => TimeState::Bad(other.to_text()),
            };
        }
        for &slot in &targets.slots {
            match self.slots[slot as usize].put(cell) {
                Ok(()) => {}
                Err(Trouble::Field(detail)) => {
                    let field = self.slots[slot as usize].name.clone();
                    self.errors.push(RowError { row: self.time.len() as u32, field, detail });
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(())
    }

    /// The time of the row, read by a format's own fast way.
    #[inline]
    pub(crate) fn put_time(&mut self, time: i64) {
        self.row.time = TimeState::At(time);
    }

    /// The number of a field by its name; a field not known becomes one when it may be discovered.
    pub(crate) fn field(&mut self, name: &str, cell: &Cell<'_>) -> Result<Option<FieldId>, Trouble> {
        let known = self.layout.id(name.as_bytes());
        if known.is_some_and(|id| self.layout.is_settled(id)) {
            return Ok(known);
        }
        let typed = self.layout.discovers == Some(DimensionType::Auto) && *cell == Cell::Null;
        let is_taken = cell.is_flat() || self.layout.discovers == Some(DimensionType::Auto);
        if !self.layout.may_discover(name) || !is_taken || typed {
            return Ok(known);
        }
        if self.layout.dimensions.len() >= MAX_DIMENSIONS {
            return Err(Trouble::Reject(Reason::TooManyDimensions));
        }
        let rows = self.time.len();
        let Some(id) = self.layout.discover(name) else { return Ok(None) };
        self.schema_version += 1;
        self.row.marks.resize(self.layout.num_fields(), 0);
        for plan in &self.layout.slots[self.slots.len()..] {
            let mut slot = plan.build();
            (0..rows).for_each(|_| slot.push_null());
            self.slots.push(slot);
            self.resolved.push((Seen::default(), Resolved::Nothing));
        }
        Ok(Some(id))
    }

    /// Ends a row: fields without a value are null.
    #[inline]
    pub(crate) fn end_row(&mut self, spec: &TimestampSpec) {
        let time = match std::mem::take(&mut self.row.time) {
            TimeState::At(time) => time,
            TimeState::Missing => match spec.missing_value {
                Some(time) => time,
                None => return self.reject_time("null".to_owned(), &spec.column),
            },
            TimeState::Bad(text) => return self.reject_time(text, &spec.column),
        };
        if self.row.num_seen != self.layout.num_fields() {
            self.fill();
        }
        self.time.push(time);
        self.row_record.push(self.row.record);
        self.row.row_in_record += 1;
    }

    fn fill(&mut self) {
        let rows = self.time.len() + 1;
        for field in 0..self.layout.num_fields() {
            if self.row.marks[field] != self.row.mark {
                for &slot in &self.layout.targets[field].slots {
                    self.slots[slot as usize].push_null();
                }
            }
        }
        debug_assert!(self.layout.targets.iter().flat_map(|t| &t.slots).all(|&s| self.slots[s as usize].len() == rows));
    }

    #[cold]
    fn reject_time(&mut self, text: String, column: &str) {
        self.abort_row();
        self.fail(Reason::Timestamp, Some(column.to_owned()), text);
    }

    /// Takes back what was written of the row.
    pub(crate) fn abort_row(&mut self) {
        let rows = self.time.len();
        self.errors.truncate(self.row.errors);
        for slot in &mut self.slots {
            if slot.len() > rows {
                slot.truncate(rows);
            }
        }
    }

    /// Counts the row as not taken.
    pub(crate) fn fail(&mut self, reason: Reason, field: Option<String>, detail: String) {
        let row_in_record = Some(self.row.row_in_record);
        self.row.row_in_record += 1;
        self.failures.push(Failure { record: self.row.record, row_in_record, reason, field, detail });
    }

    /// Counts the rest of the record as not readable.
    pub(crate) fn fail_record(&mut self, reason: Reason, detail: String) {
        self.failures.push(Failure { record: self.row.record, row_in_record: None, reason, field: None, detail });
    }

    /// Takes back the rows of the record being written and all that was said of it.
    pub(crate) fn abort_record(&mut self) {
        let record = self.row.record;
        let rows = self.row_record.partition_point(|&of| of < record);
        self.time.truncate(rows);
        self.row_record.truncate(rows);
        self.errors.retain(|error| (error.row as usize) < rows);
        self.failures.retain(|failure| failure.record < record);
        for slot in &mut self.slots {
            if slot.len() > rows {
                slot.truncate(rows);
            }
        }
        self.row.row_in_record = 0;
        self.row.errors = self.errors.len();
    }
}
