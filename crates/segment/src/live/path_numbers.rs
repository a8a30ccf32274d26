//! Numbers at a path of nested data.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array};

use super::interner::Interner;
use super::texts::LiveRows;
use crate::{BitmapIndex, Column};

/// A number for each document.
pub(super) struct PathNumbers {
    pub(super) rows: LiveRows,
    pub(super) values: Interner<Option<u64>>,
    pub(super) column_type: ColumnType,
}

impl PathNumbers {
    fn array(&self, codes: &[u32]) -> ArrayRef {
        let bits = codes.iter().map(|&code| self.values.get(code).copied().flatten());
        match self.column_type {
            ColumnType::Double => Arc::new(bits.map(|b| b.map(f64::from_bits)).collect::<Float64Array>()),
            ColumnType::Float => Arc::new(bits.map(|b| b.map(|b| f32::from_bits(b as u32))).collect::<Float32Array>()),
            ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                Arc::new(bits.map(|b| b.map(|b| b as i64)).collect::<Int64Array>())
            }
        }
    }
}

impl Column for PathNumbers {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        self.values.find(None).is_some()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.array(&self.rows.read(rows))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.array(&self.rows.take(rows))
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        None
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        (self.rows.memory_bytes() + self.values.memory_bytes()) as u64
    }
}
