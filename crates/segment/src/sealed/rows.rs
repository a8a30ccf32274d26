//! How the rows of a column lie in an image.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Scale};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type, UInt16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, DictionaryArray, NullArray, UInt16Array, UInt32Array, make_array};
use arrow_schema::{DataType, Field};

use super::Depth;
use super::directory::ColumnEntry;
use crate::batch_view::take_rows;
use crate::codes::codes_of;
use crate::dictionary::array_bytes;
use crate::list_codes::ListCodes;
use crate::packed_numbers::PackedNumbers;
use crate::sorted_times::Behind;
use crate::{Determined, Error, NumberCodes, Result, SortedTimes, TIME_COLUMN};

/// The key of a field's metadata that says what its integers stand for: `long:<base>:<max>`,
/// `double:<base>:<digits>:<max>` or `behind`.
const FORM: &str = "dolmen.form";
/// Bytes a row for which packed longs are taken whatever else there is. Wider ones that repeat are mostly keys, which
/// groups go by, and decimals are mostly summed.
const NARROW: usize = 2;

/// The rows of a column.
pub(super) enum Rows {
    /// As `Column::read` answers them.
    Array(ArrayRef),
    Packed(PackedNumbers),
    Coded(NumberCodes),
    Lists(ListCodes),
    /// Times behind those of the section's blocks; without them the section has runs.
    Behind(Option<Behind>),
    /// Nothing: another column determines this one.
    Determined,
    Times(SortedTimes),
    Mapped(Determined, usize),
}

impl Rows {
    /// The smallest form of a column that can be scanned as it is.
    pub fn of(array: &ArrayRef, entry: &ColumnEntry, has_time_blocks: bool) -> Result<Rows> {
        if entry.name == TIME_COLUMN {
            let times = array.as_primitive_opt::<Int64Type>().filter(|_| has_time_blocks);
            let behind = times.map(|times| Behind::of(times.values()));
            return match behind {
                Some(None) => Err(Error::invalid("times of one block too far apart")),
                behind => Ok(Rows::Behind(behind.flatten())),
            };
        }
        if entry.is_mapped() {
            return Ok(Rows::Determined);
        }
        if let Some(lists) = array.as_list_opt::<i32>() {
            return Ok(ListCodes::of(lists).map_or_else(|| Rows::Array(array.clone()), Rows::Lists));
        }
        let packed = PackedNumbers::of(array);
        let is_long = entry.column_type()? == ColumnType::Long;
        let codes = match &packed {
            Some(packed) if !is_long || packed.width() <= NARROW => None,
            Some(packed) => NumberCodes::of_packed(packed).unwrap_or_else(|| NumberCodes::of(array, packed.width())),
            None => NumberCodes::of(array, size_of::<i64>()),
        };
        if let Some(codes) = codes {
            return Ok(Rows::Coded(codes));
        }
        Ok(packed.map_or_else(|| Rows::Array(array.clone()), Rows::Packed))
    }

    /// As a column of an Arrow file; of nulls where there is nothing to write.
    pub fn to_arrow(&self, name: &str, num_rows: usize) -> Result<(Field, ArrayRef)> {
        let (form, array): (Option<String>, ArrayRef) = match self {
            Rows::Array(array) => (None, array.clone()),
            Rows::Packed(packed) => (Some(form_of(packed)), packed.stored()),
            Rows::Coded(numbers) => (None, keyed(&numbers.codes(), numbers.values().clone())?),
            Rows::Lists(lists) => (None, keyed(&lists.codes(), Arc::new(lists.lists().clone()))?),
            Rows::Behind(Some(Behind::U16(behind))) => {
                (Some("behind".into()), Arc::new(UInt16Array::new(behind.clone(), None)))
            }
            Rows::Behind(Some(Behind::U32(behind))) => {
                (Some("behind".into()), Arc::new(UInt32Array::new(behind.clone(), None)))
            }
            Rows::Behind(None) | Rows::Determined | Rows::Times(_) | Rows::Mapped(..) => {
                (None, Arc::new(NullArray::new(num_rows)))
            }
        };
        let field = Field::new(name, array.data_type().clone(), true);
        let metadata = form.map(|form| HashMap::from([(FORM.to_owned(), form)]));
        Ok((field.with_metadata(metadata.unwrap_or_default()), array))
    }

    /// From a column of an Arrow file.
    pub fn read_from(field: &Field, array: &ArrayRef, depth: Depth) -> Result<Rows> {
        let corrupt = || Error::corrupt(format!("the form of column '{}'", field.name()));
        if *array.data_type() == DataType::Null {
            return Ok(if field.name() == TIME_COLUMN { Rows::Behind(None) } else { Rows::Determined });
        }
        if let Some(keyed) = array.as_any_dictionary_opt() {
            let (codes, values) = (make_array(keyed.keys().to_data()), keyed.values().clone());
            return Ok(match (values.data_type(), depth) {
                (DataType::List(_), _) => Rows::Lists(ListCodes::new(codes, &values, depth == Depth::Whole)?),
                (_, Depth::Whole) => Rows::Coded(NumberCodes::new(codes, values)?),
                (_, Depth::Structure) => Rows::Coded(NumberCodes::known(codes, values, true)?),
            });
        }
        let Some(form) = field.metadata().get(FORM) else { return Ok(Rows::Array(array.clone())) };
        if form == "behind" {
            let narrow = array.as_primitive_opt::<UInt16Type>().map(|behind| Behind::U16(behind.values().clone()));
            let wide = || array.as_primitive_opt::<UInt32Type>().map(|behind| Behind::U32(behind.values().clone()));
            let behind = narrow.or_else(wide).filter(|_| array.null_count() == 0);
            return Ok(Rows::Behind(Some(behind.ok_or_else(corrupt)?)));
        }
        let (scale, max) = scale_of(form).ok_or_else(corrupt)?;
        Ok(Rows::Packed(match depth {
            Depth::Whole => PackedNumbers::new(array.clone(), scale)?,
            Depth::Structure => PackedNumbers::known(array.clone(), scale, max)?,
        }))
    }

    /// Rows held; as many as `expected` where another column holds them.
    pub fn num_rows(&self, expected: usize) -> usize {
        match self {
            Rows::Array(array) => array.len(),
            Rows::Packed(packed) => packed.len(),
            Rows::Coded(numbers) => numbers.num_rows(),
            Rows::Lists(lists) => lists.num_rows(),
            Rows::Times(times) => times.num_rows(),
            Rows::Behind(_) | Rows::Determined | Rows::Mapped(..) => expected,
        }
    }

    /// How far times are behind those of blocks, where this is what it holds.
    pub fn take_behind(&mut self) -> Option<Behind> {
        if let Rows::Behind(behind) = self { behind.take() } else { None }
    }

    /// Whether a number is null.
    pub fn has_nulls(&self) -> bool {
        match self {
            Rows::Array(array) => array.null_count() > 0,
            Rows::Packed(packed) => packed.has_nulls(),
            _ => false,
        }
    }

    pub fn read(&self, rows: Range<usize>) -> ArrayRef {
        match self {
            Rows::Array(array) => array.slice(rows.start, rows.len()),
            Rows::Packed(packed) => packed.read(rows),
            Rows::Coded(numbers) => numbers.numbers(numbers.read(rows).as_ref()),
            Rows::Lists(lists) => lists.read(rows),
            Rows::Times(times) => Arc::new(times.read(rows)),
            Rows::Mapped(determined, len) => mapped(determined, &determined.column.read(rows), *len),
            Rows::Behind(_) | Rows::Determined => Arc::new(NullArray::new(rows.len())),
        }
    }

    pub fn take(&self, rows: &[u32]) -> ArrayRef {
        match self {
            Rows::Array(array) => take_rows(array, rows),
            Rows::Packed(packed) => packed.take(rows),
            Rows::Coded(numbers) => numbers.numbers(numbers.take(rows).as_ref()),
            Rows::Lists(lists) => lists.take(rows),
            Rows::Times(times) => times.take(rows),
            Rows::Mapped(determined, len) => mapped(determined, &determined.column.take(rows), *len),
            Rows::Behind(_) | Rows::Determined => Arc::new(NullArray::new(rows.len())),
        }
    }

    /// Bytes of the rows, what they are coded by included.
    pub fn size_bytes(&self) -> u64 {
        let bytes = match self {
            Rows::Array(array) => array_bytes(array),
            Rows::Packed(packed) => array_bytes(&packed.stored()),
            Rows::Coded(numbers) => array_bytes(&numbers.codes()) + array_bytes(numbers.values()),
            Rows::Lists(lists) => array_bytes(&lists.codes()) + array_bytes(lists.lists()),
            Rows::Times(times) => times.size_bytes(),
            Rows::Behind(Some(Behind::U16(behind))) => size_of_val(&behind[..]),
            Rows::Behind(Some(Behind::U32(behind))) => size_of_val(&behind[..]),
            Rows::Behind(None) | Rows::Determined => 0,
            Rows::Mapped(determined, _) => size_of_val(&determined.map[..]),
        };
        bytes as u64
    }
}

fn mapped(determined: &Determined, others: &ArrayRef, num_values: usize) -> ArrayRef {
    let others = codes_of(others.as_ref()).unwrap_or(aggregate::Codes::U8(&[]));
    determined.codes(others, num_values)
}

fn form_of(packed: &PackedNumbers) -> String {
    match packed.scale() {
        Scale::Long { base } => format!("long:{base}:{}", packed.max()),
        Scale::Double { base, digits } => format!("double:{base}:{digits}:{}", packed.max()),
    }
}

fn scale_of(form: &str) -> Option<(Scale, u32)> {
    let parts: Vec<&str> = form.split(':').collect();
    match parts.as_slice() {
        ["long", base, max] => Some((Scale::Long { base: base.parse().ok()? }, max.parse().ok()?)),
        ["double", base, digits, max] => {
            Some((Scale::Double { base: base.parse().ok()?, digits: digits.parse().ok()? }, max.parse().ok()?))
        }
        _ => None,
    }
}

/// Codes and what they stand for as Arrow's own dictionary array.
fn keyed(codes: &ArrayRef, values: ArrayRef) -> Result<ArrayRef> {
    let failed = |e: arrow_schema::ArrowError| Error::Encode(e.to_string());
    Ok(match codes.data_type() {
        DataType::UInt8 => {
            Arc::new(DictionaryArray::try_new(codes.as_primitive::<UInt8Type>().clone(), values).map_err(failed)?)
        }
        DataType::UInt16 => {
            Arc::new(DictionaryArray::try_new(codes.as_primitive::<UInt16Type>().clone(), values).map_err(failed)?)
        }
        _ => Arc::new(DictionaryArray::try_new(codes.as_primitive::<UInt32Type>().clone(), values).map_err(failed)?),
    })
}
