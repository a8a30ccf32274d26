//! A virtual column of numbers: computed for the rows that are read.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::ArrayRef;
use segment::{BitmapIndex, Column};

use super::failure::Failure;
use crate::Result;
use crate::columns::cast_numbers;
use crate::expr::{BoundExpr, Kind, Vector};

pub(super) struct Numbers {
    bound: BoundExpr,
    column_type: ColumnType,
    failure: Failure,
}

impl Numbers {
    /// The type must be one of numbers.
    pub fn new(bound: BoundExpr, column_type: ColumnType, failure: Failure) -> Self {
        Self { bound, column_type, failure }
    }

    fn array(&self, values: Result<Vector>, num_rows: usize) -> ArrayRef {
        let values = values.unwrap_or_else(|error| {
            self.failure.set(error);
            Vector::nulls(num_rows)
        });
        match self.column_type {
            ColumnType::Long => values.to_arrow_as(Kind::Long),
            _ => cast_numbers(&values.to_arrow_as(Kind::Double), &self.column_type),
        }
    }
}

impl Column for Numbers {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        true
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        let num_rows = rows.len();
        match self.column_type {
            ColumnType::Long => self.array(self.bound.eval(rows), num_rows),
            _ => self.array(self.bound.eval_doubles(rows), num_rows),
        }
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.array(self.bound.eval_rows(rows), rows.len())
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        None
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        0
    }
}
