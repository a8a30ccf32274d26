//! Columns whose rows are rows of other columns.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Int64Array, ListArray, UInt32Array};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use dialect::path::JsonPath;
use segment::{BitmapIndex, CodeWidth, Column, ColumnRef, Field as PathField, Fields, narrow, widen};

/// Row numbers of another segment. Cheap to clone.
#[derive(Clone)]
pub(super) struct Picked {
    rows: Arc<[u32]>,
    has_gaps: bool,
}

impl Picked {
    /// No row: every column is null there.
    pub const GAP: u32 = u32::MAX;

    pub fn new(rows: Vec<u32>) -> Self {
        let has_gaps = rows.contains(&Self::GAP);
        Self { rows: rows.into(), has_gaps }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn slice(&self, range: Range<usize>) -> &[u32] {
        &self.rows[range]
    }
}

/// A column read through row numbers. Gaps are null.
pub(super) struct PickedColumn {
    inner: ColumnRef,
    rows: Picked,
    text: Option<Text>,
}

/// How codes of the inner column are shown.
struct Text {
    dictionary: Arc<dyn Dictionary>,
    null: u32,
    /// What is added to the codes of the inner column.
    shift: u32,
}

impl PickedColumn {
    pub fn new(inner: ColumnRef, rows: Picked) -> Self {
        let text = inner.dictionary().map(|dictionary| match dictionary.code_of(None) {
            Some(null) => Text { dictionary, null, shift: 0 },
            None if rows.has_gaps => Text { dictionary: Arc::new(NullFirst(dictionary)), null: 0, shift: 1 },
            None => Text { dictionary, null: 0, shift: 0 },
        });
        Self { inner, rows, text }
    }

    fn of_rows(&self, rows: &[u32]) -> ArrayRef {
        if !self.rows.has_gaps {
            return self.inner.take(rows);
        }
        let there: Vec<u32> = rows.iter().copied().filter(|row| *row != Picked::GAP).collect();
        let found = self.inner.take(&there);
        match &self.text {
            Some(text) if self.inner.is_multi_value() => lists(rows, &found, text),
            Some(text) => {
                let mut codes = widen(&*found).unwrap_or_default().into_iter();
                let code = |row: &u32| match *row {
                    Picked::GAP => text.null,
                    _ => codes.next().map_or(text.null, |code| code + text.shift),
                };
                let codes: Vec<u32> = rows.iter().map(code).collect();
                narrow(&codes, text.dictionary.len())
            }
            None => {
                let mut next = 0..;
                let place = |row: &u32| if *row == Picked::GAP { None } else { next.next() };
                let places: UInt32Array = rows.iter().map(place).collect();
                match arrow_select::take::take(&*found, &places, None) {
                    Ok(values) => values,
                    Err(_) => arrow_array::new_null_array(found.data_type(), rows.len()),
                }
            }
        }
    }
}

/// Lists of codes; a gap is a list of the null code.
fn lists(rows: &[u32], found: &ArrayRef, text: &Text) -> ArrayRef {
    let list = found.as_list::<i32>();
    let old = widen(&**list.values()).unwrap_or_default();
    let mut ends = list.value_offsets().windows(2);
    let (mut codes, mut lengths) = (Vec::with_capacity(old.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        let before = codes.len();
        let ends = if *row == Picked::GAP { None } else { ends.next() };
        match ends {
            Some(ends) => codes.extend(old[ends[0] as usize..ends[1] as usize].iter().map(|code| code + text.shift)),
            None => codes.push(text.null),
        }
        lengths.push(codes.len() - before);
    }
    list_of(&codes, lengths, text.dictionary.len())
}

fn list_of(codes: &[u32], lengths: Vec<usize>, num_values: usize) -> ArrayRef {
    let field = Field::new_list_field(CodeWidth::for_len(num_values).data_type(), false);
    Arc::new(ListArray::new(Arc::new(field), OffsetBuffer::from_lengths(lengths), narrow(codes, num_values), None))
}

impl Column for PickedColumn {
    fn column_type(&self) -> ColumnType {
        self.inner.column_type()
    }

    fn is_multi_value(&self) -> bool {
        self.inner.is_multi_value()
    }

    fn has_nulls(&self) -> bool {
        self.rows.has_gaps || self.inner.has_nulls()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.of_rows(self.rows.slice(rows))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        let rows: Vec<u32> = rows.iter().map(|row| self.rows.rows[*row as usize]).collect();
        self.of_rows(&rows)
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        self.text.as_ref().map(|text| text.dictionary.clone())
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn fields(&self) -> Option<Arc<dyn Fields>> {
        let inner = self.inner.fields()?;
        Some(Arc::new(PickedFields { inner, rows: self.rows.clone() }))
    }

    fn size_bytes(&self) -> u64 {
        0
    }
}

/// Paths of nested data through row numbers.
struct PickedFields {
    inner: Arc<dyn Fields>,
    rows: Picked,
}

impl Fields for PickedFields {
    fn paths(&self) -> Vec<JsonPath> {
        self.inner.paths()
    }

    fn find(&self, path: &JsonPath) -> PathField {
        match self.inner.find(path) {
            PathField::Column(column) => PathField::Column(Arc::new(PickedColumn::new(column, self.rows.clone()))),
            other => other,
        }
    }

    fn is_whole(&self) -> bool {
        self.inner.is_whole()
    }
}

/// A dictionary with a null before its values.
pub(super) struct NullFirst(pub Arc<dyn Dictionary>);

impl Dictionary for NullFirst {
    fn len(&self) -> usize {
        self.0.len() + 1
    }

    fn get(&self, code: u32) -> Option<&str> {
        self.0.get(code.checked_sub(1)?)
    }

    fn is_sorted(&self) -> bool {
        self.0.is_sorted()
    }

    fn code_of(&self, value: Option<&str>) -> Option<u32> {
        match value {
            None => Some(0),
            Some(_) => self.0.code_of(value).map(|code| code + 1),
        }
    }
}

/// Times held in memory.
pub(super) struct TimeColumn(Int64Array);

impl TimeColumn {
    pub fn new(times: Int64Array) -> Self {
        Self(times)
    }
}

impl Column for TimeColumn {
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
        Arc::new(self.0.slice(rows.start, rows.len()))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        Arc::new(rows.iter().map(|row| Some(self.0.value(*row as usize))).collect::<Int64Array>())
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        None
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        (self.0.len() * 8) as u64
    }
}

/// Codes held in memory, over a dictionary of any kind.
pub(super) struct CodedColumn {
    codes: Vec<u32>,
    dictionary: Arc<dyn Dictionary>,
}

impl CodedColumn {
    /// Every code must be one of the dictionary's.
    pub fn new(codes: Vec<u32>, dictionary: Arc<dyn Dictionary>) -> Self {
        Self { codes, dictionary }
    }
}

impl Column for CodedColumn {
    fn column_type(&self) -> ColumnType {
        ColumnType::String
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        self.dictionary.code_of(None).is_some()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        narrow(&self.codes[rows], self.dictionary.len())
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        let codes: Vec<u32> = rows.iter().map(|row| self.codes[*row as usize]).collect();
        narrow(&codes, self.dictionary.len())
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        Some(self.dictionary.clone())
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        (self.codes.len() * 4) as u64
    }
}
