//! Columns of a live snapshot.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{ColumnType, Dictionary, FoldSnapshot};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Float32Array, Float64Array, Int64Array, ListArray, StringArray, UInt32Array,
};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field};

use super::chunked::Chunked;
use super::dimension::LIST;
use super::interner::Interner;
use super::nested::{LiveFields, SharedGather};
use crate::batch_view::string_column;
use crate::{ArrayColumn, BitmapIndex, Column, Fields, VECTOR_ROWS};

pub(super) struct LiveTimes {
    pub(super) times: Arc<Chunked<i64>>,
}

impl Column for LiveTimes {
    fn column_type(&self) -> ColumnType {
        ColumnType::Long
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        false
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        Arc::new(Int64Array::new(self.times.read(rows), None))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        Arc::new(Int64Array::new(self.times.take(rows), None))
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        None
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        self.times.memory_bytes() as u64
    }
}

/// The values of a text dimension in the order of their first rows.
struct LiveDictionary(Interner<Option<Box<str>>>);

impl Dictionary for LiveDictionary {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.0.get(code).and_then(|value| value.as_deref())
    }

    fn is_sorted(&self) -> bool {
        false
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        self.0.find(value)
    }
}

/// A code for each row: as it was written, or that of its document at a path.
pub(super) struct LiveRows {
    rows: Chunked<u32>,
    /// The first document with a code, and the codes from there; 0 stands for all others.
    documents: Option<(u32, Chunked<u32>)>,
}

impl LiveRows {
    pub(super) fn new(rows: Chunked<u32>) -> Self {
        Self { rows, documents: None }
    }

    /// The rows hold codes of documents.
    pub(super) fn through(rows: Chunked<u32>, documents: (u32, Chunked<u32>)) -> Self {
        Self { rows, documents: Some(documents) }
    }

    fn of_documents(&self, codes: ScalarBuffer<u32>) -> ScalarBuffer<u32> {
        let Some((first, documents)) = &self.documents else { return codes };
        let code = |document: &u32| {
            let at = document.checked_sub(*first).map(|at| at as usize).filter(|at| *at < documents.len());
            at.map_or(0, |at| documents.get(at))
        };
        codes.iter().map(code).collect::<Vec<u32>>().into()
    }

    fn read(&self, rows: Range<usize>) -> ScalarBuffer<u32> {
        self.of_documents(self.rows.read(rows))
    }

    fn take(&self, rows: &[u32]) -> ScalarBuffer<u32> {
        self.of_documents(self.rows.take(rows))
    }

    fn memory_bytes(&self) -> usize {
        self.documents.as_ref().map_or(self.rows.memory_bytes(), |(_, documents)| documents.memory_bytes())
    }
}

/// A dimension of texts or of values; multi-value when some row held a list.
pub(super) struct LiveTexts {
    column_type: ColumnType,
    rows: LiveRows,
    dictionary: Arc<LiveDictionary>,
    lists: Interner<Box<[u32]>>,
    null_code: Option<u32>,
    is_multi: bool,
    /// What was found in its documents.
    gather: Option<SharedGather>,
}

impl LiveTexts {
    pub(super) fn new(
        column_type: ColumnType,
        rows: LiveRows,
        values: Interner<Option<Box<str>>>,
        lists: Interner<Box<[u32]>>,
    ) -> Self {
        let null_code = values.find(None);
        // Empty lists alone do not make a column of lists.
        let is_multi = lists.len() > 1 || lists.get(0).is_some_and(|list| !list.is_empty());
        let dictionary = Arc::new(LiveDictionary(values));
        Self { column_type, rows, dictionary, lists, null_code, is_multi, gather: None }
    }

    pub(super) fn with_gather(self, gather: Option<SharedGather>) -> Self {
        Self { gather, ..self }
    }

    fn array(&self, codes: ScalarBuffer<u32>) -> ArrayRef {
        if !self.is_multi {
            if self.lists.len() == 0 {
                return Arc::new(UInt32Array::new(codes, None));
            }
            let null = self.null_code.unwrap_or_default();
            let codes = codes.iter().map(|code| if code & LIST == 0 { *code } else { null });
            return Arc::new(codes.collect::<UInt32Array>());
        }
        let mut values = Vec::with_capacity(codes.len());
        let mut offsets = Vec::with_capacity(codes.len() + 1);
        offsets.push(0i32);
        for &code in codes.iter() {
            if code & LIST != 0 {
                values.extend_from_slice(self.lists.get(code & !LIST).map_or(&[], |list| &list[..]));
            } else {
                values.push(code);
            }
            offsets.push(values.len() as i32);
        }
        let field = Arc::new(Field::new("item", DataType::UInt32, false));
        let values = Arc::new(UInt32Array::from(values));
        Arc::new(ListArray::new(field, OffsetBuffer::new(offsets.into()), values, None))
    }
}

impl Column for LiveTexts {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        self.is_multi
    }

    fn has_nulls(&self) -> bool {
        self.null_code.is_some()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.array(self.rows.read(rows))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.array(self.rows.take(rows))
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        Some(self.dictionary.clone())
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn fields(&self) -> Option<Arc<dyn Fields>> {
        let gather = self.gather.clone()?;
        Some(Arc::new(LiveFields { gather, rows: self.rows.rows.view() }))
    }

    fn size_bytes(&self) -> u64 {
        (self.rows.memory_bytes() + self.dictionary.0.memory_bytes() + self.lists.memory_bytes()) as u64
    }
}

/// A numeric dimension.
pub(super) struct LiveNumbers {
    pub(super) rows: LiveRows,
    pub(super) values: Interner<Option<u64>>,
    pub(super) column_type: ColumnType,
}

impl LiveNumbers {
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

impl Column for LiveNumbers {
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
