//! Columns made from other columns.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, Shape};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, Int64Array, ListArray, StringArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::Field;
use segment::{ArrayColumn, BitmapIndex, Column, ColumnRef, Determined, StringDictionary};
use segment::{CodeWidth, narrow, widen};

use crate::dictionaries::{DROPPED, Mapped};
use crate::{Error, Result};

/// Codes of one column read as codes of another dictionary.
pub(crate) struct Remapped {
    inner: ColumnRef,
    mapped: Mapped,
    /// Rows are lists, also where those of the inner column are single values.
    lists: bool,
    column_type: ColumnType,
    /// Where both have one value a row: the inner column determines this one.
    determined: Option<Determined>,
}

impl Remapped {
    /// With `lists` a single value that was dropped leaves an empty list, else a null.
    pub fn new(inner: ColumnRef, mapped: Mapped, lists: bool) -> Self {
        let lists = lists || inner.is_multi_value();
        let determined = if lists { None } else { determined(&inner, &mapped) };
        Self { inner, mapped, lists, column_type: ColumnType::String, determined }
    }

    /// The new dictionary holds keys of values; the inner column has one value a row.
    pub fn of_values(inner: ColumnRef, mapped: Mapped, shape: Shape) -> Self {
        let determined = determined(&inner, &mapped);
        Self { inner, mapped, lists: false, column_type: ColumnType::Value(shape), determined }
    }

    fn map(&self, array: &ArrayRef) -> ArrayRef {
        let new = |code: u32| self.mapped.codes.get(code as usize).copied().unwrap_or(DROPPED);
        if !self.lists {
            let null = self.mapped.dictionary.null_code().unwrap_or(0);
            let old = widen(&**array).unwrap_or_default();
            let codes: Vec<u32> =
                old.into_iter().map(|code| Some(new(code)).filter(|c| *c != DROPPED).unwrap_or(null)).collect();
            return narrow(&codes, self.mapped.dictionary.len());
        }
        let (old, ends): (Vec<u32>, Vec<usize>) = match array.as_list_opt::<i32>() {
            Some(lists) => {
                let ends = lists.value_offsets().iter().map(|end| *end as usize).collect();
                (widen(&**lists.values()).unwrap_or_default(), ends)
            }
            None => (widen(&**array).unwrap_or_default(), (0..=array.len()).collect()),
        };
        let mut codes = Vec::with_capacity(old.len());
        let mut offsets = vec![0i32];
        for row in ends.windows(2) {
            codes.extend(old[row[0]..row[1]].iter().map(|code| new(*code)).filter(|code| *code != DROPPED));
            offsets.push(codes.len() as i32);
        }
        list_of(&codes, offsets, self.mapped.dictionary.len())
    }
}

/// A column that one with a dictionary of its own is mapped from.
fn determined(inner: &ColumnRef, mapped: &Mapped) -> Option<Determined> {
    if inner.determined().is_some() || inner.dictionary()?.len() != mapped.codes.len() {
        return None;
    }
    let null = mapped.dictionary.null_code().unwrap_or(0);
    let code = |code: &u32| if *code == DROPPED { null } else { *code };
    let map = mapped.codes.iter().map(code).collect();
    Some(Determined { by: "".into(), column: inner.clone(), map, is_stored: false })
}

/// Lists of codes.
pub(crate) fn list_of(codes: &[u32], offsets: Vec<i32>, num_values: usize) -> ArrayRef {
    let field = Field::new_list_field(CodeWidth::for_len(num_values).data_type(), false);
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    Arc::new(ListArray::new(Arc::new(field), offsets, narrow(codes, num_values), None))
}

impl Column for Remapped {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        self.lists
    }

    fn has_nulls(&self) -> bool {
        true
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.map(&self.inner.read(rows))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.map(&self.inner.take(rows))
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        Some(self.mapped.dictionary.clone())
    }

    fn determined(&self) -> Option<&Determined> {
        self.determined.as_ref()
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        (self.mapped.codes.len() * 4 + self.mapped.dictionary.size_bytes()) as u64
    }
}

/// Numbers of one type read as those of another.
pub(crate) struct Cast {
    inner: ColumnRef,
    column_type: ColumnType,
}

impl Cast {
    /// Both must be of numbers.
    pub fn new(inner: ColumnRef, column_type: ColumnType) -> Self {
        Self { inner, column_type }
    }
}

impl Column for Cast {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        self.inner.has_nulls()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        cast_numbers(&self.inner.read(rows), &self.column_type)
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        cast_numbers(&self.inner.take(rows), &self.column_type)
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

/// Longs, doubles or floats as the type, Java's way.
pub(crate) fn cast_numbers(array: &ArrayRef, to: &ColumnType) -> ArrayRef {
    use arrow_array::types::{Float32Type, Float64Type, Int64Type};
    let any = array.as_any();
    match to {
        ColumnType::Long => match (any.downcast_ref::<Float64Array>(), any.downcast_ref::<Float32Array>()) {
            (Some(values), _) => Arc::new(values.unary::<_, Int64Type>(|value| value as i64)),
            (_, Some(values)) => Arc::new(values.unary::<_, Int64Type>(|value| value as i64)),
            _ => array.clone(),
        },
        ColumnType::Double => match (any.downcast_ref::<Int64Array>(), any.downcast_ref::<Float32Array>()) {
            (Some(values), _) => Arc::new(values.unary::<_, Float64Type>(|value| value as f64)),
            (_, Some(values)) => Arc::new(values.unary::<_, Float64Type>(f64::from)),
            _ => array.clone(),
        },
        ColumnType::Float => match (any.downcast_ref::<Int64Array>(), any.downcast_ref::<Float64Array>()) {
            (Some(values), _) => Arc::new(values.unary::<_, Float32Type>(|value| value as f32)),
            (_, Some(values)) => Arc::new(values.unary::<_, Float32Type>(|value| value as f32)),
            _ => array.clone(),
        },
        ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => array.clone(),
    }
}

/// A column of nothing but nulls.
pub(crate) fn nulls(column_type: &ColumnType, num_rows: usize) -> Result<ColumnRef> {
    let array: ArrayRef = match column_type {
        ColumnType::Long => Arc::new(Int64Array::new_null(num_rows)),
        ColumnType::Double => Arc::new(Float64Array::new_null(num_rows)),
        ColumnType::Float => Arc::new(Float32Array::new_null(num_rows)),
        ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
            let dictionary = StringDictionary::sorted(StringArray::new_null(1)).map_err(internal)?;
            let column = ArrayColumn::coded(narrow(&vec![0; num_rows], 1), Arc::new(dictionary)).map_err(internal)?;
            return Ok(match column_type {
                ColumnType::Value(shape) => Arc::new(column.of_values(*shape)),
                _ => Arc::new(column),
            });
        }
    };
    Ok(Arc::new(ArrayColumn::plain(column_type.clone(), array).map_err(internal)?))
}

/// A string column held in memory.
pub(crate) fn coded(codes: ArrayRef, dictionary: Arc<StringDictionary>) -> Result<ColumnRef> {
    Ok(Arc::new(ArrayColumn::coded(codes, dictionary).map_err(internal)?))
}

fn internal(error: segment::Error) -> Error {
    Error::invalid(error.to_string())
}
