//! The rows of one dimension over all sources, as codes or numbers that sort.

use std::collections::HashMap;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, StringArray};
use arrow_buffer::OffsetBuffer;

use super::adapt::adapted;
use super::{Part, ReadColumn};
use crate::batch_view::list_array;
use crate::codes::{narrow, widen};
use crate::dictionary::compare_values;
use crate::{ArrayColumn, DimensionSchema, Error, Result, StringDictionary};

pub(super) enum KeyColumn {
    /// Texts, or keys of values.
    Text {
        column_type: ColumnType,
        dictionary: Arc<StringDictionary>,
        rows: TextRows,
    },
    Number {
        column_type: ColumnType,
        bits: Vec<Option<u64>>,
    },
}

/// Codes of the merged dictionary by row.
pub(super) enum TextRows {
    Single(Vec<u32>),
    /// Distinct lists, and which of them a row holds. Null is a list of the null code.
    Lists {
        lists: Vec<Vec<u32>>,
        rows: Vec<u32>,
    },
}

/// A field of a sort key: at most `bits` bits of each value count.
pub(super) struct KeyField {
    pub(super) bits: u32,
    pub(super) values: Vec<u64>,
}

impl KeyColumn {
    pub(super) fn of(parts: &[Part<'_>], dimension: &DimensionSchema) -> Result<Self> {
        let columns = parts
            .iter()
            .map(|part| part.read(&dimension.name).map(|c| adapted(c, &dimension.column_type)).transpose())
            .collect::<Result<Vec<_>>>()?;
        let lens: Vec<usize> = parts.iter().map(Part::len).collect();
        match &dimension.column_type {
            ColumnType::String | ColumnType::Value(_) => text_keys(&columns, &lens, &dimension.column_type),
            column_type => number_keys(&columns, &lens, column_type),
        }
    }

    /// The fields that sort these rows, nulls first.
    pub(super) fn fields(&self, rows: &[u32]) -> Vec<KeyField> {
        let of_rows = |value: &dyn Fn(usize) -> u64| rows.iter().map(|&row| value(row as usize)).collect();
        match self {
            KeyColumn::Text { dictionary, rows: TextRows::Single(codes), .. } => {
                vec![KeyField { bits: bits_for(dictionary.len()), values: of_rows(&|row| codes[row].into()) }]
            }
            KeyColumn::Text { rows: TextRows::Lists { lists, rows: held }, .. } => {
                let mut sorted: Vec<u32> = (0..lists.len() as u32).collect();
                sorted.sort_by(|&a, &b| lists[a as usize].cmp(&lists[b as usize]));
                let mut ranks = vec![0; lists.len()];
                sorted.iter().zip(0u64..).for_each(|(&list, rank)| ranks[list as usize] = rank);
                vec![KeyField { bits: bits_for(lists.len()), values: of_rows(&|row| ranks[held[row] as usize]) }]
            }
            KeyColumn::Number { column_type, bits } => {
                let sortable = |row: usize| bits[row].map_or(0, |b| ascending(b, column_type));
                vec![
                    KeyField { bits: 1, values: of_rows(&|row| u64::from(bits[row].is_some())) },
                    KeyField { bits: 64, values: of_rows(&sortable) },
                ]
            }
        }
    }

    /// The column of these rows.
    pub(super) fn column(&self, rows: &[u32]) -> Result<ArrayColumn> {
        match self {
            KeyColumn::Text { column_type, dictionary, rows: TextRows::Single(codes) } => {
                let codes: Vec<u32> = rows.iter().map(|&row| codes[row as usize]).collect();
                let column = ArrayColumn::coded(narrow(&codes, dictionary.len()), dictionary.clone())?;
                Ok(match column_type {
                    ColumnType::Value(shape) => column.of_values(*shape),
                    _ => column,
                })
            }
            KeyColumn::Text { dictionary, rows: TextRows::Lists { lists, rows: held }, .. } => {
                let of = |row: &u32| &lists[held[*row as usize] as usize];
                let total: usize = rows.iter().map(|row| of(row).len()).sum();
                if i32::try_from(total).is_err() {
                    return Err(Error::LimitExceeded(format!("{total} values of one multi-value column")));
                }
                let codes: Vec<u32> = rows.iter().flat_map(of).copied().collect();
                let offsets = OffsetBuffer::from_lengths(rows.iter().map(|row| of(row).len()));
                let array = list_array(offsets, narrow(&codes, dictionary.len()), dictionary.len());
                ArrayColumn::coded(array, dictionary.clone())
            }
            KeyColumn::Number { column_type, bits } => {
                let bits = rows.iter().map(|&row| bits[row as usize]);
                let array: ArrayRef = match column_type {
                    ColumnType::Double => Arc::new(bits.map(|b| b.map(f64::from_bits)).collect::<Float64Array>()),
                    ColumnType::Float => {
                        Arc::new(bits.map(|b| b.map(|b| f32::from_bits(b as u32))).collect::<Float32Array>())
                    }
                    ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                        Arc::new(bits.map(|b| b.map(|b| b as i64)).collect::<Int64Array>())
                    }
                };
                ArrayColumn::plain(column_type.clone(), array)
            }
        }
    }
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
    let mut bits: Vec<Option<u64>> = Vec::with_capacity(lens.iter().sum());
    for (column, &len) in columns.iter().zip(lens) {
        let Some(column) = column else {
            bits.extend(std::iter::repeat_n(None, len));
            continue;
        };
        let array = column.array.as_ref();
        if let Some(values) = array.as_primitive_opt::<Int64Type>() {
            bits.extend(values.iter().map(|v| v.map(|v| v as u64)));
        } else if let Some(values) = array.as_primitive_opt::<Float64Type>() {
            bits.extend(values.iter().map(|v| v.map(f64::to_bits)));
        } else if let Some(values) = array.as_primitive_opt::<Float32Type>() {
            bits.extend(values.iter().map(|v| v.map(|v| u64::from(v.to_bits()))));
        } else {
            return Err(Error::invalid(format!("{} is no array of numbers", array.data_type())));
        }
    }
    Ok(KeyColumn::Number { column_type: column_type.clone(), bits })
}

/// One source's rows as codes of its own dictionary. Without a dictionary every row is null and an empty list here.
struct LocalTexts {
    codes: Vec<u32>,
    offsets: Option<Vec<i32>>,
    dictionary: Option<Arc<dyn Dictionary>>,
}

impl LocalTexts {
    fn of(column: Option<&ReadColumn>, len: usize) -> Result<Self> {
        let Some(column) = column else {
            return Ok(Self { codes: Vec::new(), offsets: Some(vec![0; len + 1]), dictionary: None });
        };
        let list = column.array.as_list_opt::<i32>();
        let values = list.map_or(column.array.as_ref(), |l| l.values().as_ref());
        let codes = widen(values).ok_or_else(|| Error::invalid("a text column without codes"))?;
        let offsets = list.map(|l| l.offsets().to_vec());
        Ok(Self { codes, offsets, dictionary: column.dictionary.clone() })
    }

    fn len(&self) -> usize {
        self.offsets.as_ref().map_or(self.codes.len(), |o| o.len() - 1)
    }

    fn row(&self, row: usize) -> &[u32] {
        match &self.offsets {
            Some(offsets) => &self.codes[offsets[row] as usize..offsets[row + 1] as usize],
            None => &self.codes[row..=row],
        }
    }

    /// Which codes occur in the rows, and whether a row is empty.
    fn used(&self) -> (Vec<bool>, bool) {
        let mut used = vec![false; self.dictionary.as_ref().map_or(0, |d| d.len())];
        let (codes, any_empty) = match &self.offsets {
            None => (&self.codes[..], false),
            Some(offsets) => {
                let held = offsets[0] as usize..offsets[self.len()] as usize;
                (&self.codes[held], offsets.windows(2).any(|ends| ends[0] == ends[1]))
            }
        };
        codes.iter().for_each(|&code| used[code as usize] = true);
        (used, any_empty)
    }
}

fn text_keys(columns: &[Option<ReadColumn>], lens: &[usize], column_type: &ColumnType) -> Result<KeyColumn> {
    let locals = columns
        .iter()
        .zip(lens)
        .map(|(column, &len)| LocalTexts::of(column.as_ref(), len))
        .collect::<Result<Vec<_>>>()?;
    let (dictionary, maps) = merged_dictionary(&locals)?;
    let null = dictionary.null_code();
    let num_rows = lens.iter().sum();
    let multi = locals.iter().any(|l| l.offsets.is_some() && (0..l.len()).any(|row| l.row(row).len() > 1));
    let rows = if multi {
        list_rows(&locals, &maps, null, num_rows)
    } else {
        let mut codes = Vec::with_capacity(num_rows);
        for (local, map) in locals.iter().zip(&maps) {
            if local.offsets.is_none() {
                codes.extend(local.codes.iter().map(|&code| map[code as usize]));
                continue;
            }
            let code = |row| local.row(row).first().map(|&c| map[c as usize]).or(null).unwrap_or_default();
            codes.extend((0..local.len()).map(code));
        }
        TextRows::Single(codes)
    };
    Ok(KeyColumn::Text { column_type: column_type.clone(), dictionary: Arc::new(dictionary), rows })
}

fn list_rows(locals: &[LocalTexts], maps: &[Vec<u32>], null: Option<u32>, num_rows: usize) -> TextRows {
    let mut ids: HashMap<Vec<u32>, u32, foldhash::fast::FixedState> = HashMap::default();
    let mut lists: Vec<Vec<u32>> = Vec::new();
    let mut rows = Vec::with_capacity(num_rows);
    let mut list = Vec::new();
    for (local, map) in locals.iter().zip(maps) {
        for row in 0..local.len() {
            list.clear();
            list.extend(local.row(row).iter().map(|&c| map[c as usize]));
            if local.dictionary.is_none() {
                list.extend(null);
            }
            let id = ids.get(&list).copied().unwrap_or_else(|| {
                let id = lists.len() as u32;
                lists.push(list.clone());
                ids.insert(list.clone(), id);
                id
            });
            rows.push(id);
        }
    }
    TextRows::Lists { lists, rows }
}

/// The values in use, sorted, and for each source its codes translated.
fn merged_dictionary(locals: &[LocalTexts]) -> Result<(StringDictionary, Vec<Vec<u32>>)> {
    let mut entries: Vec<(Option<&str>, usize, u32)> = Vec::new();
    let mut maps: Vec<Vec<u32>> = Vec::new();
    let mut any_empty = false;
    for (at, local) in locals.iter().enumerate() {
        let (used, empty) = local.used();
        any_empty |= empty;
        maps.push(vec![0; used.len()]);
        if let Some(dictionary) = &local.dictionary {
            let codes = (0..used.len() as u32).filter(|&code| used[code as usize]);
            entries.extend(codes.map(|code| (dictionary.get(code), at, code)));
        }
    }
    entries.sort_by(|a, b| compare_values(a.0, b.0));
    let mut values: Vec<Option<&str>> = if any_empty { vec![None] } else { Vec::new() };
    for (value, at, code) in entries {
        if values.last() != Some(&value) {
            values.push(value);
        }
        maps[at][code as usize] = values.len() as u32 - 1;
    }
    let bytes: usize = values.iter().flatten().map(|v| v.len()).sum();
    if i32::try_from(bytes).is_err() {
        return Err(Error::LimitExceeded(format!("{bytes} bytes in one dictionary")));
    }
    Ok((StringDictionary::sorted(StringArray::from(values))?, maps))
}
