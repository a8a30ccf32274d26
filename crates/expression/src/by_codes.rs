//! Columns of which the codes of others tell the values.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{Codes, ColumnType, Dictionary};
use arrow_array::{Array, ArrayRef};
use segment::{
    BitmapIndex, Column, ColumnRef, NumberCodes, ReadCodes, StringDictionary, codes_of, distinct_numbers, narrow,
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
    Arc::new(Numbers { others: Others::Codes(others), values, column_type, codes: OnceLock::new() })
}

/// As [`numbers`], for the codes of a column of texts, of which there is one a row.
pub(crate) fn decoded(texts: ColumnRef, column_type: ColumnType, values: ArrayRef) -> ColumnRef {
    Arc::new(Numbers { others: Others::Column(texts), values, column_type, codes: OnceLock::new() })
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

enum Others {
    Codes(Arc<dyn ReadCodes>),
    Column(ColumnRef),
}

struct Numbers {
    others: Others,
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
        let Others::Codes(others) = &self.others else { return None };
        let (map, distinct) = distinct_numbers(&self.values, usize::MAX)?;
        let places = Places::new(others.clone(), &map, distinct.len());
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
        self.numbers(&match &self.others {
            Others::Codes(others) => others.read(rows),
            Others::Column(texts) => texts.read(rows),
        })
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.numbers(&match &self.others {
            Others::Codes(others) => others.take(rows),
            Others::Column(texts) => texts.take(rows),
        })
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
