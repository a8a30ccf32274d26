//! Columns as strangers should see them: instants, texts, lists of texts, numbers, bytes.

use std::sync::Arc;

use aggregate::ColumnType;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, Int64Type, UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, Int64Array, PrimitiveArray, UInt32Array};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, TimeUnit};

use super::coded::{Coded, Values};
use super::levels::Levels;
use crate::codes::widen;
use crate::sealed::rows::Rows;
use crate::sealed::stored::Stored;
use crate::sealed::values::{self, Form};
use crate::{Error, Result, Segment, SortedTimes, TIME_COLUMN, Table};

/// Rows that tell whether numbers repeat.
const SAMPLE_ROWS: usize = 1 << 16;
/// Numbers that stored integers may stand for where they are used as codes.
const MAX_SCALED: usize = 1 << 20;
/// A column on its way into the file.
pub(super) enum Outward {
    Coded(Coded, DataType),
    /// Longs that hardly repeat, by the steps between them.
    Steps(ScalarBuffer<i64>, Levels, DataType),
    /// As Parquet's own writer takes it.
    Array(ArrayRef),
}

impl Outward {
    /// The type of the column in Arrow's words.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Outward::Coded(_, data_type) | Outward::Steps(_, _, data_type) => data_type.clone(),
            Outward::Array(array) => array.data_type().clone(),
        }
    }
}

pub(super) fn outward(table: &Table, stored: &Stored, rows: &Rows) -> Result<Outward> {
    let (column, num_rows) = (&stored.column, table.num_rows());
    if let (TIME_COLUMN, Some(times)) = (stored.name.as_str(), table.view().sorted_times()) {
        return Ok(instants(times));
    }
    let Some(dictionary) = column.dictionary() else { return Ok(numbers(column.read(0..num_rows), rows)) };
    let array = column.read(0..num_rows);
    if let ColumnType::Value(shape) = column.column_type() {
        return Ok(Outward::Array(match Form::of(shape, &*dictionary) {
            Form::Lists(element) => {
                let codes = widen(array.as_ref()).ok_or_else(|| Error::invalid("a column of values without codes"))?;
                values::lists(&codes, &*dictionary, element)
            }
            Form::Texts => texts(array.as_ref(), Arc::new(values::shown(&*dictionary)), dictionary.code_of(None))?,
        }));
    }
    let (null, num_values) = (dictionary.code_of(None), dictionary.len());
    let (codes, levels, data_type) = match array.as_list_opt::<i32>() {
        Some(list) => {
            let item = Field::new("element", DataType::Utf8, true);
            let levels = Levels::Lists { ends: list.offsets().clone(), null };
            (list.values().clone(), levels, DataType::List(Arc::new(item)))
        }
        None => (array, Levels::NullCode(null), DataType::Utf8),
    };
    Ok(Outward::Coded(Coded { codes, levels, values: Values::Texts(dictionary), num_values }, data_type))
}

/// Times by their runs where they are held so, else by their steps.
fn instants(times: &SortedTimes) -> Outward {
    let data_type = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let num_rows = times.num_rows();
    let Some((times, starts)) = times.runs().filter(|(times, _)| times.len() * 4 <= num_rows) else {
        return Outward::Steps(times.read(0..num_rows).values().clone(), Levels::Required, data_type);
    };
    let mut codes = Vec::with_capacity(num_rows);
    let ends = starts.iter().skip(1).map(|&start| start as usize).chain([num_rows]);
    (0u32..).zip(ends).for_each(|(run, end)| codes.resize(end, run));
    let values: ArrayRef = Arc::new(Int64Array::from(times.to_vec()));
    let num_values = values.len();
    let codes: ArrayRef = Arc::new(UInt32Array::from(codes));
    Outward::Coded(Coded { codes, levels: Levels::Required, values: Values::Numbers(values), num_values }, data_type)
}

fn numbers(array: ArrayRef, rows: &Rows) -> Outward {
    let data_type = array.data_type().clone();
    let levels = Levels::Nulls(array.nulls().cloned());
    if let Some(longs) = array.as_primitive_opt::<Int64Type>().filter(|longs| is_scattered(longs.values())) {
        return Outward::Steps(longs.values().clone(), levels, data_type);
    }
    let (codes, values, num_values) = match rows {
        Rows::Packed(packed) if (packed.max() as usize) < MAX_SCALED => {
            (packed.stored(), Values::Scaled(packed.scale()), packed.max() as usize + 1)
        }
        Rows::Coded(numbers) => (numbers.codes(), Values::Numbers(numbers.values().clone()), numbers.values().len()),
        _ => return Outward::Array(array),
    };
    Outward::Coded(Coded { codes, levels, values, num_values }, data_type)
}

/// Whether longs hardly repeat, so that the steps between them take less room than a dictionary.
fn is_scattered(longs: &[i64]) -> bool {
    let mut sample = longs[..longs.len().min(SAMPLE_ROWS)].to_vec();
    let num_rows = sample.len();
    sample.sort_unstable();
    sample.dedup();
    sample.len() * 4 > num_rows
}
fn texts(codes: &dyn Array, values: ArrayRef, null: Option<u32>) -> Result<ArrayRef> {
    fn keyed<K: ArrowDictionaryKeyType>(
        codes: &PrimitiveArray<K>,
        values: ArrayRef,
        null: Option<u32>,
    ) -> Result<ArrayRef>
    where
        K::Native: TryFrom<u32> + PartialEq,
    {
        let null = null.and_then(|code| K::Native::try_from(code).ok());
        let valid = null.map(|null| codes.values().iter().map(|&c| c != null).collect::<NullBuffer>());
        let keys = PrimitiveArray::<K>::new(codes.values().clone(), valid);
        Ok(Arc::new(DictionaryArray::try_new(keys, values).map_err(Error::encode)?))
    }
    match codes.data_type() {
        DataType::UInt8 => keyed(codes.as_primitive::<UInt8Type>(), values, null),
        DataType::UInt16 => keyed(codes.as_primitive::<UInt16Type>(), values, null),
        _ => keyed(codes.as_primitive::<UInt32Type>(), values, null),
    }
}
