//! The values of a batch as transforms and aggregators see them.

use expression::Vector;

use super::batch::{ColumnView, Failure, ParsedBatch, RowError};
use super::cell::Cell;
use super::layout::{MetricInput, ValueType};
use super::reject::Reason;
use super::slot::{Store, Trouble};

/// What aggregators are fed.
impl ParsedBatch {
    /// The inputs of a metric, in the order that its aggregator names them; an aggregator that takes values for
    /// what they are has three in the place of one: longs, doubles and texts.
    pub fn metric_inputs(&self, metric: usize) -> impl Iterator<Item = ColumnView<'_>> {
        self.layout.metrics[metric].iter().map(|input| match input {
            MetricInput::Time => ColumnView::Time(&self.time),
            MetricInput::Slot(slot) => self.column(*slot),
            MetricInput::Values(slot, value_type) => self.values_of(*slot, *value_type),
        })
    }

    fn values_of(&self, slot: usize, value_type: ValueType) -> ColumnView<'_> {
        let Store::Mixed(mixed) = &self.slots[slot].store else { return ColumnView::Absent };
        let Some(values) = self.values.get(slot).and_then(Option::as_ref) else { return ColumnView::Absent };
        match value_type {
            ValueType::Long => values.longs.as_ref().map_or(ColumnView::Absent, ColumnView::Long),
            ValueType::Double => values.doubles.as_ref().map_or(ColumnView::Absent, ColumnView::Double),
            ValueType::Text => match &values.texts {
                Some(texts) => ColumnView::Text(texts, mixed.interner()),
                None => ColumnView::Absent,
            },
        }
    }

    pub(super) fn take_values_apart(&mut self) {
        for input in self.layout.metrics.iter().flatten() {
            let MetricInput::Values(slot, ValueType::Long) = input else { continue };
            if let Store::Mixed(mixed) = &mut self.slots[*slot].store {
                self.values.resize_with(self.values.len().max(slot + 1), || None);
                self.values[*slot] = Some(mixed.by_type());
            }
        }
    }
}

/// What transforms read and write.
impl ParsedBatch {
    /// The values of a slot that keeps them as they came.
    pub(crate) fn raw_vector(&self, slot: usize) -> Vector {
        match &self.slots[slot].store {
            Store::Mixed(column) => column.vector(),
            _ => Vector::nulls(self.num_rows()),
        }
    }

    /// Adds a computed value to a slot; rows come in order.
    pub(crate) fn put_computed(&mut self, slot: usize, row: usize, cell: &Cell<'_>) {
        match self.slots[slot].put(cell) {
            Ok(()) => {}
            Err(Trouble::Field(detail)) => {
                let field = self.slots[slot].name.clone();
                self.errors.push(RowError { row: row as u32, field, detail });
            }
            Err(Trouble::Reject(_) | Trouble::NotUtf8) => {
                self.slots[slot].push_null();
                let name = self.slots[slot].name.clone();
                self.note_error(row, &name, format!("Value of [{name}] is too long"));
            }
        }
    }

    pub(crate) fn note_error(&mut self, row: usize, field: &str, detail: String) {
        self.errors.push(RowError { row: row as u32, field: field.into(), detail });
    }

    /// Counts a row that is there, and masked out, as not taken.
    pub(crate) fn reject_row(&mut self, row: usize, reason: Reason, detail: String) {
        let record = self.row_record[row];
        let first = self.row_record.partition_point(|&of| of < record);
        let row_in_record = Some((row - first) as u32);
        self.failures.push(Failure { record, row_in_record, reason, field: None, detail });
    }
}
