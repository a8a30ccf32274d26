//! Metrics of a live snapshot.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{ColumnType, Dictionary, FoldSnapshot};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array, StringArray};

use crate::batch_view::string_column;
use crate::{ArrayColumn, BitmapIndex, Column, VECTOR_ROWS};

/// The states of one aggregator.
pub(super) struct LiveStates {
    /// `None` before the first row.
    states: Option<Arc<FoldSnapshot>>,
    aggregator: usize,
    column_type: ColumnType,
    /// Null is what the aggregator answers of no rows.
    is_nullable: bool,
    /// Looked for when first asked for.
    has_nulls: OnceLock<bool>,
    /// Texts as codes, made when first asked for.
    texts: OnceLock<Arc<ArrayColumn>>,
}

impl LiveStates {
    pub(super) fn new(
        states: Option<Arc<FoldSnapshot>>,
        aggregator: usize,
        column_type: ColumnType,
        is_nullable: bool,
    ) -> Self {
        let (has_nulls, texts) = (OnceLock::new(), OnceLock::new());
        Self { states, aggregator, column_type, is_nullable, has_nulls, texts }
    }

    fn find_null(&self) -> bool {
        let num_rows = self.states.as_ref().map_or(0, |states| states.len() as u32);
        let mut starts = (0..num_rows).step_by(VECTOR_ROWS);
        starts.any(|start| {
            let end = num_rows.min(start + VECTOR_ROWS as u32);
            self.array(&(start..end).collect::<Vec<u32>>()).null_count() > 0
        })
    }

    fn array(&self, rows: &[u32]) -> ArrayRef {
        match (&self.states, &self.column_type) {
            (Some(states), _) => {
                states.states_of(self.aggregator, rows).expect("states of groups that exist can be read")
            }
            (None, ColumnType::Long) => Arc::new(Int64Array::from(Vec::<i64>::new())),
            (None, ColumnType::Double) => Arc::new(Float64Array::from(Vec::<f64>::new())),
            (None, ColumnType::Float) => Arc::new(Float32Array::from(Vec::<f32>::new())),
            (None, ColumnType::String | ColumnType::Value(_)) => Arc::new(StringArray::from(Vec::<&str>::new())),
            (None, ColumnType::State(_)) => Arc::new(BinaryArray::from(Vec::<&[u8]>::new())),
        }
    }

    fn texts(&self) -> Option<&Arc<ArrayColumn>> {
        (self.column_type == ColumnType::String).then(|| {
            self.texts.get_or_init(|| {
                let num_rows = self.states.as_ref().map_or(0, |s| s.len() as u32);
                let array = self.array(&(0..num_rows).collect::<Vec<u32>>());
                Arc::new(string_column(array.as_string::<i32>()).expect("texts of groups fit a dictionary"))
            })
        })
    }
}

impl Column for LiveStates {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        self.is_nullable && *self.has_nulls.get_or_init(|| self.find_null())
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        match self.texts() {
            Some(texts) => texts.read(rows),
            None => self.array(&(rows.start as u32..rows.end as u32).collect::<Vec<u32>>()),
        }
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        match self.texts() {
            Some(texts) => texts.take(rows),
            None => self.array(rows),
        }
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        self.texts()?.dictionary()
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        let len = self.states.as_ref().map_or(0, |s| s.len());
        let sample: Vec<u32> = (0..len.min(64) as u32).collect();
        let per_row = self.array(&sample).get_array_memory_size() / sample.len().max(1);
        (per_row * len) as u64
    }
}
