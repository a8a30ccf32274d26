//! The fields and computed columns of a batch as expressions and filters see them.

use std::sync::Arc;

use arrow_array::Int64Array;
use expression::Vector;
use hashbrown::HashMap;

use crate::parse::ParsedBatch;
use crate::spec::TIME_COLUMN;

/// Columns by name.
pub(super) struct RowColumns {
    columns: HashMap<Arc<str>, Vector>,
}

impl RowColumns {
    pub(super) fn of(batch: &ParsedBatch, fields: &[(Arc<str>, usize)]) -> RowColumns {
        let mut columns: HashMap<Arc<str>, Vector> =
            fields.iter().map(|(name, slot)| (name.clone(), batch.raw_vector(*slot))).collect();
        columns.insert(TIME_COLUMN.into(), times(batch.time()));
        RowColumns { columns }
    }

    /// The column; `None` where no row has it.
    pub(super) fn get(&self, name: &str) -> Option<&Vector> {
        self.columns.get(name)
    }

    pub(super) fn set(&mut self, name: Arc<str>, values: Vector) {
        self.columns.insert(name, values);
    }

    pub(super) fn set_time(&mut self, time: &[i64]) {
        self.columns.insert(TIME_COLUMN.into(), times(time));
    }
}

fn times(time: &[i64]) -> Vector {
    Vector::Long(Int64Array::new(time.to_vec().into(), None))
}
