//! Columns of which the codes of others tell the values.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{Codes, ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, UInt32Array};
use segment::{BitmapIndex, Column, ColumnRef, NumberCodes, ReadCodes, StringDictionary, codes_of, map_codes};

use crate::Result;
use crate::dictionaries::Interner;

/// Codes made of others.
#[derive(Debug)]
struct Places {
    others: Arc<dyn ReadCodes>,
    /// For each of the others.
    map: Vec<u32>,
    num_values: usize,
}

impl Places {
    fn codes(&self, others: &ArrayRef) -> ArrayRef {
        map_codes(codes_of(others.as_ref()).unwrap_or(Codes::U8(&[])), &self.map, self.num_values)
    }
}

impl ReadCodes for Places {
    fn num_rows(&self) -> usize {
        self.others.num_rows()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.codes(&self.others.read(rows))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.codes(&self.others.take(rows))
    }
}

/// A column of the texts that stand for codes.
pub(crate) fn texts<T: AsRef<str>>(
    others: Arc<dyn ReadCodes>,
    texts: impl Iterator<Item = Option<T>>,
) -> Result<ColumnRef> {
    let mut interner = Interner::default();
    let codes = texts.map(|text| interner.code(text.as_ref().map(AsRef::as_ref)));
    let mut map = codes.collect::<Result<Vec<u32>>>()?;
    interner.code(None)?;
    let (dictionary, places) = interner.finish()?;
    map.iter_mut().for_each(|code| *code = places[*code as usize]);
    let places = Places { others, map, num_values: dictionary.len() };
    Ok(Arc::new(Texts { places, dictionary }))
}

/// A column of the numbers, of its type, that stand for codes.
pub(crate) fn numbers(others: Arc<dyn ReadCodes>, values: ArrayRef, column_type: ColumnType) -> ColumnRef {
    Arc::new(Numbers { others, values, column_type, codes: OnceLock::new() })
}

/// Numbers without nulls and NaN in ascending order, each once, and the place of each.
fn distinct(values: &ArrayRef) -> Option<(Vec<u32>, ArrayRef)> {
    let mut order: Vec<u32> = (0u32..).take(values.len()).collect();
    let (places, firsts) = match (values.as_primitive_opt::<Int64Type>(), values.as_primitive_opt::<Float64Type>()) {
        _ if values.null_count() > 0 => return None,
        (Some(longs), _) => {
            order.sort_unstable_by_key(|at| longs.value(*at as usize));
            placed(&order, |a, b| longs.value(a) == longs.value(b))
        }
        (_, Some(doubles)) if doubles.values().iter().all(|value| !value.is_nan()) => {
            order.sort_unstable_by(|a, b| doubles.value(*a as usize).total_cmp(&doubles.value(*b as usize)));
            placed(&order, |a, b| doubles.value(a).to_bits() == doubles.value(b).to_bits())
        }
        _ => return None,
    };
    let distinct = arrow_select::take::take(values.as_ref(), &UInt32Array::from(firsts), None).ok()?;
    Some((places, distinct))
}

/// The place of each value among the different ones, and where each of these stands first in `order`.
fn placed(order: &[u32], same: impl Fn(usize, usize) -> bool) -> (Vec<u32>, Vec<u32>) {
    let (mut places, mut firsts) = (vec![0; order.len()], Vec::<u32>::new());
    for &at in order {
        if firsts.last().is_none_or(|first| !same(*first as usize, at as usize)) {
            firsts.push(at);
        }
        places[at as usize] = firsts.len() as u32 - 1;
    }
    (places, firsts)
}

struct Texts {
    places: Places,
    dictionary: Arc<StringDictionary>,
}

impl Column for Texts {
    fn column_type(&self) -> ColumnType {
        ColumnType::String
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        true
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.places.read(rows)
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.places.take(rows)
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        Some(self.dictionary.clone())
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        (self.places.map.len() * 4 + self.dictionary.size_bytes()) as u64
    }
}

struct Numbers {
    others: Arc<dyn ReadCodes>,
    values: ArrayRef,
    column_type: ColumnType,
    /// Made when first asked for.
    codes: OnceLock<Option<NumberCodes>>,
}

impl Numbers {
    fn numbers(&self, others: &ArrayRef) -> ArrayRef {
        let taken = arrow_select::take::take(self.values.as_ref(), others.as_ref(), None);
        taken.unwrap_or_else(|_| arrow_array::new_null_array(self.values.data_type(), others.len()))
    }

    fn make_codes(&self) -> Option<NumberCodes> {
        let (map, distinct) = distinct(&self.values)?;
        let places = Places { others: self.others.clone(), map, num_values: distinct.len() };
        NumberCodes::computed(Arc::new(places), distinct).ok()
    }
}

impl Column for Numbers {
    fn column_type(&self) -> ColumnType {
        self.column_type.clone()
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        self.values.null_count() > 0
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.numbers(&self.others.read(rows))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.numbers(&self.others.take(rows))
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        None
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        self.values.get_array_memory_size() as u64
    }

    fn number_codes(&self) -> Option<&NumberCodes> {
        self.codes.get_or_init(|| self.make_codes()).as_ref()
    }
}
