//! Values of the partition dimensions of rows that are in segments already.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type, UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use segment::{ColumnRef, ColumnType, Segment};

use super::partition::KeyColumns;
use crate::parse::{ColumnView, Interner, NULL_CODE, NumberColumn, TextColumn};
use crate::spec::TIME_COLUMN;
use crate::{Error, Result};

/// The columns of one segment that decide which bucket a row goes to.
pub(super) struct StoredKeys {
    times: Vec<i64>,
    columns: Vec<(String, Stored)>,
}

enum Stored {
    Text(TextColumn, Interner),
    Long(NumberColumn<i64>),
    Double(NumberColumn<f64>),
    Float(NumberColumn<f32>),
    Absent,
}

impl Stored {
    fn view(&self) -> ColumnView<'_> {
        match self {
            Stored::Text(column, interner) => ColumnView::Text(column, interner),
            Stored::Long(column) => ColumnView::Long(column),
            Stored::Double(column) => ColumnView::Double(column),
            Stored::Float(column) => ColumnView::Float(column),
            Stored::Absent => ColumnView::Absent,
        }
    }
}

impl StoredKeys {
    /// Reads the named columns of a segment.
    pub(super) fn read(segment: &dyn Segment, names: &[String]) -> Result<StoredKeys> {
        let num_rows = segment.num_rows();
        let times = segment.column(TIME_COLUMN).map(|column| column.read(0..num_rows));
        let times = times.as_ref().and_then(|times| times.as_primitive_opt::<Int64Type>());
        let times = times.ok_or_else(|| Error::Corrupt("a segment without times".to_owned()))?.values().to_vec();
        let stored = |name: &String| {
            let column = segment.column(name).map(|column| stored(&column, num_rows)).transpose()?;
            Ok((name.clone(), column.unwrap_or(Stored::Absent)))
        };
        Ok(StoredKeys { times, columns: names.iter().map(stored).collect::<Result<_>>()? })
    }

    /// To be hashed or compared; `is_all` where no dimension is named, so that all decide.
    pub(super) fn columns(&self, is_all: bool) -> KeyColumns<'_> {
        let columns = self.columns.iter().map(|(name, stored)| (name.clone(), stored.view())).collect();
        KeyColumns::new(&self.times, columns, is_all)
    }
}

fn stored(column: &ColumnRef, num_rows: usize) -> Result<Stored> {
    let array = column.read(0..num_rows);
    let unknown = || Error::Corrupt("a column of another type than it says".to_owned());
    Ok(match column.column_type() {
        ColumnType::Long => Stored::Long(numbers::<Int64Type>(&array).ok_or_else(unknown)?),
        ColumnType::Double => Stored::Double(numbers::<Float64Type>(&array).ok_or_else(unknown)?),
        ColumnType::Float => Stored::Float(numbers::<Float32Type>(&array).ok_or_else(unknown)?),
        ColumnType::State(_) => Stored::Absent,
        ColumnType::String | ColumnType::Value(_) => {
            let (column, interner) = texts(column, &array)?;
            Stored::Text(column, interner)
        }
    })
}

fn numbers<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<NumberColumn<T::Native>>
where
    T::Native: Copy + Default,
{
    let array: &PrimitiveArray<T> = array.as_primitive_opt()?;
    let mut column = NumberColumn::default();
    array.iter().for_each(|value| column.push_option(value));
    Some(column)
}

fn texts(column: &ColumnRef, array: &ArrayRef) -> Result<(TextColumn, Interner)> {
    let corrupt = || Error::Corrupt("a text column without texts".to_owned());
    let dictionary = column.dictionary().ok_or_else(corrupt)?;
    let mut interner = Interner::new();
    let mut own = Vec::with_capacity(dictionary.len());
    for code in 0..u32::try_from(dictionary.len()).unwrap_or(u32::MAX) {
        own.push(match dictionary.get(code) {
            None => NULL_CODE,
            Some(text) => interner.intern_bytes(text.as_bytes()).map_err(|_| corrupt())?,
        });
    }
    let own_of = |code: u32| own.get(code as usize).copied().unwrap_or(NULL_CODE);
    let mut out = TextColumn::default();
    match array.as_list_opt::<i32>() {
        None => codes(array).into_iter().for_each(|code| out.push(own_of(code))),
        Some(lists) => {
            let codes: Vec<u32> = codes(lists.values()).into_iter().map(own_of).collect();
            for bounds in lists.value_offsets().windows(2) {
                let range = bounds[0] as usize..bounds[1] as usize;
                out.push_list(codes.get(range).ok_or_else(corrupt)?);
            }
        }
    }
    Ok((out, interner))
}

/// Codes of any width.
pub(crate) fn codes(array: &dyn Array) -> Vec<u32> {
    if let Some(array) = array.as_primitive_opt::<UInt8Type>() {
        return array.values().iter().map(|&code| code.into()).collect();
    }
    if let Some(array) = array.as_primitive_opt::<UInt16Type>() {
        return array.values().iter().map(|&code| code.into()).collect();
    }
    array.as_primitive_opt::<UInt32Type>().map_or_else(Vec::new, |array| array.values().to_vec())
}
