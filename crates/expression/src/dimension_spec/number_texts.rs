//! Numbers as texts, each distinct one shown once.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{Codes, KeyTable};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use segment::{ColumnRef, NumberCodes, SegmentRef, VECTOR_ROWS, map_codes};

use crate::columns::coded;
use crate::dictionaries::Interner;
use crate::{ExtractionFn, Result, by_codes};

/// Whole numbers that have a place each: from `-BELOW` on so many.
const NUM_PLACES: u32 = 1 << 20;
const BELOW: i32 = 1 << 16;
const UNKNOWN: u32 = u32::MAX;

/// Every distinct number as text, perhaps through an extraction function. The column is read through once.
pub(crate) fn text_of_numbers(
    column: &ColumnRef,
    segment: &SegmentRef,
    extraction: Option<&ExtractionFn>,
) -> Result<ColumnRef> {
    if let Some(numbers) = column.number_codes() {
        return text_of_codes(numbers, extraction);
    }
    let mut texts =
        Texts { extraction, interner: Interner::default(), by_place: Vec::new(), by_bits: ByBits::default() };
    let mut codes: Vec<u32> = Vec::with_capacity(segment.num_rows());
    for start in (0..segment.num_rows()).step_by(VECTOR_ROWS) {
        let array = column.read(start..(start + VECTOR_ROWS).min(segment.num_rows()));
        texts.add(&array, &mut codes)?;
    }
    let Texts { mut interner, .. } = texts;
    interner.code(None)?;
    let (dictionary, places) = interner.finish()?;
    coded(map_codes(Codes::U32(&codes), &places, places.len()), dictionary)
}

fn text_of_codes(numbers: &NumberCodes, extraction: Option<&ExtractionFn>) -> Result<ColumnRef> {
    let values = numbers.values();
    by_codes::texts(Arc::new(numbers.clone()), (0..values.len()).map(|at| shown(values, at, extraction)))
}

/// The texts of numbers met, and which numbers these are.
struct Texts<'a> {
    extraction: Option<&'a ExtractionFn>,
    interner: Interner,
    /// The code of each small whole number that was met, [`UNKNOWN`] of others; as far as there were any.
    by_place: Vec<u32>,
    by_bits: ByBits,
}

/// The codes of numbers that were met among such as have no place.
struct ByBits {
    table: KeyTable,
    codes: Vec<u32>,
    ids: Vec<u32>,
}

impl Default for ByBits {
    fn default() -> Self {
        ByBits { table: KeyTable::new(1), codes: Vec::new(), ids: Vec::with_capacity(VECTOR_ROWS) }
    }
}

impl Texts<'_> {
    /// Appends the code of each row's text.
    fn add(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) -> Result<()> {
        let start = codes.len();
        match places_of(array) {
            Some(places) => self.add_places(array, &places, codes)?,
            None => self.add_bits(array, codes)?,
        }
        if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
            let of_null = self.extraction.and_then(|extraction| extraction.apply(None));
            let of_null = self.interner.code(of_null.as_deref())?;
            (start..).zip(nulls).filter(|(_, is_valid)| !is_valid).for_each(|(row, _)| codes[row] = of_null);
        }
        Ok(())
    }

    fn add_places(&mut self, array: &ArrayRef, places: &[u32], codes: &mut Vec<u32>) -> Result<()> {
        let Texts { extraction, interner, by_place, .. } = self;
        let num_places = places.iter().fold(0, |most, place| most.max(*place)) as usize + 1;
        by_place.resize(num_places.max(by_place.len()), UNKNOWN);
        let start = codes.len();
        let known = by_place.as_slice();
        codes.extend(places.iter().map(|place| known[*place as usize]));
        // Seldom, for numbers come again.
        if codes[start..].contains(&UNKNOWN) {
            for ((row, place), code) in places.iter().enumerate().zip(&mut codes[start..]) {
                let known = &mut by_place[*place as usize];
                if *known == UNKNOWN && array.is_valid(row) {
                    *known = interner.code(shown(array, row, *extraction).as_deref())?;
                }
                *code = *known;
            }
        }
        Ok(())
    }

    fn add_bits(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) -> Result<()> {
        let Texts { extraction, interner, by_bits: ByBits { table, codes: known, ids }, .. } = self;
        ids.clear();
        table.insert_batch(&bits_of(array), ids);
        known.resize(table.len(), UNKNOWN);
        for (row, id) in ids.iter().enumerate() {
            let code = &mut known[*id as usize];
            if *code == UNKNOWN && array.is_valid(row) {
                *code = interner.code(shown(array, row, *extraction).as_deref())?;
            }
        }
        codes.extend(ids.iter().map(|id| known[*id as usize]));
        Ok(())
    }
}

/// Places of numbers, nulls at any. `None` where one has none.
fn places_of(array: &ArrayRef) -> Option<Vec<u32>> {
    const PLACES: Range<f64> = -(BELOW as f64)..NUM_PLACES as f64;
    let place_of = |value: f64| {
        let near = if PLACES.contains(&value) { value } else { 0.0 };
        // SAFETY: it is among the places, which an integer of 32 bits holds.
        let whole: i32 = unsafe { near.to_int_unchecked() };
        let is_whole = f64::from(whole).to_bits() == value.to_bits();
        if is_whole { whole.wrapping_add(BELOW) as u32 } else { UNKNOWN }
    };
    let places: Vec<u32> = if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
        let place = |long: &i64| long.wrapping_add(BELOW.into()).cast_unsigned().min(UNKNOWN.into()) as u32;
        longs.values().iter().map(place).collect()
    } else if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        doubles.values().iter().map(|double| place_of(*double)).collect()
    } else {
        array.as_primitive_opt::<Float32Type>()?.values().iter().map(|float| place_of((*float).into())).collect()
    };
    (places.iter().fold(0, |most, place| most.max(*place)) < NUM_PLACES).then_some(places)
}

/// The numbers of rows by their bits, nulls by any.
fn bits_of(array: &ArrayRef) -> Vec<u64> {
    if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
        longs.values().iter().map(|value| *value as u64).collect()
    } else if let Some(doubles) = array.as_primitive_opt::<Float64Type>() {
        doubles.values().iter().map(|value| value.to_bits()).collect()
    } else {
        let floats = array.as_primitive_opt::<Float32Type>();
        floats.map_or_else(Vec::new, |floats| floats.values().iter().map(|value| value.to_bits().into()).collect())
    }
}

fn shown(array: &ArrayRef, row: usize, extraction: Option<&ExtractionFn>) -> Option<String> {
    if array.is_null(row) {
        return extraction.and_then(|extraction| extraction.apply(None));
    }
    if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
        let value = longs.value(row);
        return match extraction {
            Some(extraction) => extraction.apply_long(value),
            None => Some(value.to_string()),
        };
    }
    let text = match array.as_primitive_opt::<Float64Type>() {
        Some(doubles) => dialect::print::double_text(doubles.value(row)),
        None => dialect::print::float_text(array.as_primitive_opt::<Float32Type>()?.value(row)),
    };
    match extraction {
        Some(extraction) => extraction.apply(Some(&text)),
        None => Some(text),
    }
}
