//! The rows of one dimension over all sources, as codes or numbers that sort.

use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array};
use arrow_buffer::{NullBuffer, NullBufferBuilder, OffsetBuffer};

use super::adapt::adapted;
use super::order::Order;
use super::sorting::KeyWriter;
use super::texts::{self, LocalTexts};
use super::{Part, ReadColumn};
use crate::batch_view::list_array;
use crate::codes::{narrow, narrowed};
use crate::{ArrayColumn, DimensionSchema, Error, Result, StringDictionary};

pub(super) enum KeyColumn {
    /// Texts, or keys of values.
    Text { column_type: ColumnType, dictionary: Arc<StringDictionary>, rows: TextRows },
    /// The bits of each number; of null zeros.
    Number { column_type: ColumnType, bits: Vec<u64>, nulls: Option<NullBuffer> },
}

/// Codes of the merged dictionary by row.
pub(super) enum TextRows {
    Single(Vec<u32>),
    /// Distinct lists in order, and which of them a row holds. Null is a list of the null code.
    Lists {
        lists: Vec<Vec<u32>>,
        rows: Vec<u32>,
    },
}

impl KeyColumn {
    pub(super) fn of(parts: &[Part<'_>], dimension: &DimensionSchema) -> Result<Self> {
        let lens: Vec<usize> = parts.iter().map(Part::len).collect();
        if let column_type @ (ColumnType::String | ColumnType::Value(_)) = &dimension.column_type {
            let locals = parts.iter().map(|part| LocalTexts::of(part, dimension)).collect::<Result<Vec<_>>>()?;
            return texts::keys(&locals, column_type);
        }
        let columns = parts
            .iter()
            .map(|part| part.read(&dimension.name).map(|c| adapted(c, &dimension.column_type)).transpose())
            .collect::<Result<Vec<_>>>()?;
        number_keys(&columns, &lens, &dimension.column_type)
    }

    /// Bits of a key that sorts the rows by this column, nulls first.
    pub(super) fn num_bits(&self) -> u32 {
        match self {
            KeyColumn::Text { dictionary, rows: TextRows::Single(_), .. } => bits_for(dictionary.len()),
            KeyColumn::Text { rows: TextRows::Lists { lists, .. }, .. } => bits_for(lists.len()),
            KeyColumn::Number { nulls, .. } => u64::BITS + u32::from(nulls.is_some()),
        }
    }

    /// Adds the column to the keys of rows, of which none may be given to mean all.
    pub(super) fn add_to(&self, keys: &mut KeyWriter<'_>, rows: Option<&[u32]>) {
        match self {
            KeyColumn::Text { dictionary, rows: TextRows::Single(codes), .. } => {
                keys.add(bits_for(dictionary.len()), rows, codes.len(), |row| codes[row].into());
            }
            KeyColumn::Text { rows: TextRows::Lists { lists, rows: held }, .. } => {
                keys.add(bits_for(lists.len()), rows, held.len(), |row| held[row].into());
            }
            KeyColumn::Number { column_type, bits, nulls } => {
                if let Some(nulls) = nulls {
                    keys.add(1, rows, bits.len(), |row| nulls.is_valid(row).into());
                    let sortable = |row| if nulls.is_valid(row) { ascending(bits[row], column_type) } else { 0 };
                    keys.add(u64::BITS, rows, bits.len(), sortable);
                } else {
                    keys.add(u64::BITS, rows, bits.len(), |row| ascending(bits[row], column_type));
                }
            }
        }
    }

    /// The column of the groups. Their keys, if they were kept, have its bits from a place on.
    pub(super) fn column(&self, order: &Order, at: u32) -> Result<ArrayColumn> {
        let rows = &order.firsts;
        match self {
            KeyColumn::Text { column_type, dictionary, rows: TextRows::Single(codes) } => {
                let array = match &order.keys {
                    Some(keys) => narrowed(keys.bits(at, self.num_bits()).map(|code| code as u32), dictionary.len()),
                    None => narrowed(rows.iter().map(|&row| codes[row as usize]), dictionary.len()),
                };
                let column = ArrayColumn::coded(array, dictionary.clone())?;
                Ok(match column_type {
                    ColumnType::Value(shape) => column.of_values(*shape),
                    _ => column,
                })
            }
            KeyColumn::Text { dictionary, rows: TextRows::Lists { lists, rows: held }, .. } => match &order.keys {
                Some(keys) => spelled(lists, keys.bits(at, self.num_bits()).map(|list| list as u32), dictionary),
                None => spelled(lists, rows.iter().map(|&row| held[row as usize]), dictionary),
            },
            KeyColumn::Number { column_type, bits, nulls } => {
                let bits = rows.iter().map(|&row| bits[row as usize]);
                let valid =
                    |nulls: &NullBuffer| rows.iter().map(|&row| nulls.is_valid(row as usize)).collect::<NullBuffer>();
                let nulls = nulls.as_ref().map(valid).filter(|nulls| nulls.null_count() > 0);
                let array: ArrayRef = match column_type {
                    ColumnType::Double => Arc::new(Float64Array::new(bits.map(f64::from_bits).collect(), nulls)),
                    ColumnType::Float => {
                        Arc::new(Float32Array::new(bits.map(|b| f32::from_bits(b as u32)).collect(), nulls))
                    }
                    ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                        Arc::new(Int64Array::new(bits.map(|b| b as i64).collect(), nulls))
                    }
                };
                ArrayColumn::plain(column_type.clone(), array)
            }
        }
    }
}

/// A column of lists, of which `held` says which a row has.
fn spelled(
    lists: &[Vec<u32>],
    held: impl Iterator<Item = u32>,
    dictionary: &Arc<StringDictionary>,
) -> Result<ArrayColumn> {
    let (mut codes, mut ends) = (Vec::new(), vec![0]);
    for list in held {
        codes.extend_from_slice(&lists[list as usize]);
        let end = i32::try_from(codes.len());
        ends.push(end.map_err(|_| Error::LimitExceeded("values of one multi-value column".into()))?);
    }
    let offsets = OffsetBuffer::new(ends.into());
    let array = list_array(offsets, narrow(&codes, dictionary.len()), dictionary.len());
    ArrayColumn::coded(array, dictionary.clone())
}

fn bits_for(num_values: usize) -> u32 {
    usize::BITS - num_values.saturating_sub(1).leading_zeros()
}

/// Bits that sort as unsigned numbers the way the values do.
fn ascending(bits: u64, column_type: &ColumnType) -> u64 {
    const SIGN: u64 = 1 << 63;
    match column_type {
        ColumnType::Double => bits ^ if bits & SIGN == 0 { SIGN } else { u64::MAX },
        ColumnType::Float => {
            let bits = f64::from(f32::from_bits(bits as u32)).to_bits();
            bits ^ if bits & SIGN == 0 { SIGN } else { u64::MAX }
        }
        ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => bits ^ SIGN,
    }
}

fn number_keys(columns: &[Option<ReadColumn>], lens: &[usize], column_type: &ColumnType) -> Result<KeyColumn> {
    let mut bits: Vec<u64> = Vec::with_capacity(lens.iter().sum());
    let mut nulls = NullBufferBuilder::new(lens.iter().sum());
    for (column, &len) in columns.iter().zip(lens) {
        let Some(column) = column else {
            bits.resize(bits.len() + len, 0);
            nulls.append_n_nulls(len);
            continue;
        };
        let array = column.array.as_ref();
        let start = bits.len();
        if let Some(values) = array.as_primitive_opt::<Int64Type>() {
            bits.extend(values.values().iter().map(|&long| long as u64));
        } else if let Some(values) = array.as_primitive_opt::<Float64Type>() {
            bits.extend(values.values().iter().map(|double| double.to_bits()));
        } else if let Some(values) = array.as_primitive_opt::<Float32Type>() {
            bits.extend(values.values().iter().map(|float| u64::from(float.to_bits())));
        } else {
            return Err(Error::invalid(format!("{} is no array of numbers", array.data_type())));
        }
        match array.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(of_array) => {
                (0..len).filter(|&row| of_array.is_null(row)).for_each(|row| bits[start + row] = 0);
                nulls.append_buffer(of_array);
            }
            None => nulls.append_n_non_nulls(len),
        }
    }
    Ok(KeyColumn::Number { column_type: column_type.clone(), bits, nulls: nulls.finish() })
}
