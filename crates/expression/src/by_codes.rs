//! Columns of which the codes of others tell the values.

use std::cmp::Ordering;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{Codes, ColumnType, Dictionary, KeyTable};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array};
use segment::{
    BitmapIndex, Column, ColumnRef, NumberCodes, ReadCodes, StringDictionary, VECTOR_ROWS, codes_of, narrow,
    remap_codes,
};

use crate::Result;
use crate::dictionaries::Interner;

/// Codes made of others.
#[derive(Debug)]
struct Places {
    others: Arc<dyn ReadCodes>,
    /// For each of the others, as narrow as they go, so that the processor's cache holds as many as it can.
    map: ArrayRef,
}

impl Places {
    fn new(others: Arc<dyn ReadCodes>, map: &[u32], num_values: usize) -> Self {
        Places { others, map: narrow(map, num_values) }
    }

    fn codes(&self, others: &ArrayRef) -> ArrayRef {
        let codes = |array| codes_of(array).unwrap_or(Codes::U8(&[]));
        remap_codes(codes(others.as_ref()), codes(self.map.as_ref()))
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
    let places = Places::new(others, &map, dictionary.len());
    Ok(Arc::new(Texts { places, dictionary }))
}

/// A column of the numbers, of its type, that stand for codes.
pub(crate) fn numbers(others: Arc<dyn ReadCodes>, values: ArrayRef, column_type: ColumnType) -> ColumnRef {
    Arc::new(Numbers { others, values, column_type, codes: OnceLock::new() })
}

/// Numbers without nulls and NaN in ascending order, each once, and the place of each.
fn distinct(values: &ArrayRef) -> Option<(Vec<u32>, ArrayRef)> {
    if values.null_count() > 0 {
        return None;
    }
    if let Some(longs) = values.as_primitive_opt::<Int64Type>() {
        let (places, distinct) = placed(longs.values(), |long| long as u64, |bits| bits as i64, Ord::cmp);
        return Some((places, Arc::new(Int64Array::from(distinct))));
    }
    let doubles = values.as_primitive_opt::<Float64Type>()?.values();
    if doubles.iter().any(|value| value.is_nan()) {
        return None;
    }
    let (places, distinct) = placed(doubles, f64::to_bits, f64::from_bits, f64::total_cmp);
    Some((places, Arc::new(Float64Array::from(distinct))))
}

/// The place of each number among the different ones, and these in order.
fn placed<T: Copy>(
    numbers: &[T],
    bits: impl Fn(T) -> u64,
    of_bits: impl Fn(u64) -> T,
    compare: impl Fn(&T, &T) -> Ordering,
) -> (Vec<u32>, Vec<T>) {
    let (mut table, mut places) = (KeyTable::new(1), Vec::with_capacity(numbers.len()));
    let mut words = Vec::with_capacity(VECTOR_ROWS);
    for numbers in numbers.chunks(VECTOR_ROWS) {
        words.clear();
        words.extend(numbers.iter().map(|number| bits(*number)));
        table.insert_batch(&words, &mut places);
    }
    let mut order: Vec<(u32, T)> = (0u32..).zip(table.keys().iter().map(|key| of_bits(*key))).collect();
    order.sort_unstable_by(|(_, a), (_, b)| compare(a, b));
    let mut place_of = vec![0; order.len()];
    (0u32..).zip(&order).for_each(|(place, (id, _))| place_of[*id as usize] = place);
    places.iter_mut().for_each(|place| *place = place_of[*place as usize]);
    (places, order.into_iter().map(|(_, number)| number).collect())
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
        (self.places.map.get_array_memory_size() + self.dictionary.size_bytes()) as u64
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
        let places = Places::new(self.others.clone(), &map, distinct.len());
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
