//! Numbers of which there are few different ones, as codes beside the numbers themselves.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use aggregate::{Codes, KeyTable, Scale};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array};
use arrow_schema::DataType;

use crate::codes::{codes_of, gathered, narrow, narrowed};
use crate::pieces::Pieces;
use crate::{Error, PackedNumbers, Result, VECTOR_ROWS};

/// Bytes of a code, and those that a row may take more so that numbers have codes.
const CODE_BYTES: usize = 4;
const MORE_BYTES: usize = 2;
/// Distinct doubles that get codes.
const MAX_DOUBLES: usize = 1 << 16;

/// A code for each row of a column of longs or doubles without nulls, and what the codes stand for.
#[derive(Clone, Debug)]
pub struct NumberCodes {
    codes: Held,
    values: ArrayRef,
    are_all_met: bool,
}

/// Codes that are found when they are asked for: `UInt8Array`, `UInt16Array` or `UInt32Array` without nulls.
pub trait ReadCodes: Send + Sync + Debug {
    fn num_rows(&self) -> usize;
    /// Panics when the range is out of bounds.
    fn read(&self, rows: Range<usize>) -> ArrayRef;
    /// Scattered rows. Panics when one is out of bounds.
    fn take(&self, rows: &[u32]) -> ArrayRef;
}

#[derive(Clone, Debug)]
enum Held {
    Pieces(Pieces),
    Computed(Arc<dyn ReadCodes>),
}

/// Numbers for which codes pay, beside so many rows that take `num_bytes` each.
fn most_values(num_rows: usize, num_bytes: usize) -> usize {
    num_rows * (num_bytes + MORE_BYTES).saturating_sub(CODE_BYTES) / size_of::<u64>()
}

/// A number as bits that sort like it.
fn key_of(values: &ArrayRef, at: usize) -> Option<u64> {
    const SIGN: u64 = 1 << 63;
    if let Some(longs) = values.as_primitive_opt::<Int64Type>() {
        return Some(longs.value(at) as u64 ^ SIGN);
    }
    let bits = values.as_primitive_opt::<Float64Type>()?.value(at).to_bits();
    Some(if bits & SIGN == 0 { bits | SIGN } else { !bits })
}

/// Whether numbers ascend and none of them is NaN.
fn ascend(values: &ArrayRef) -> bool {
    let keys: Option<Vec<u64>> = (0..values.len()).map(|at| key_of(values, at)).collect();
    let nan = values.as_primitive_opt::<Float64Type>().is_some_and(|v| v.values().iter().any(|v| v.is_nan()));
    !nan && keys.is_some_and(|keys| keys.windows(2).all(|pair| pair[0] < pair[1]))
}

/// The place of each number among the different ones, and these ascending. `None` for arrays of other types than longs
/// and doubles, with nulls or NaN, and where more than `most` differ.
pub fn distinct_numbers(values: &ArrayRef, most: usize) -> Option<(Vec<u32>, ArrayRef)> {
    if values.null_count() > 0 {
        return None;
    }
    if let Some(longs) = values.as_primitive_opt::<Int64Type>() {
        let (places, distinct) = placed(longs.values(), most, |long| long as u64, |bits| bits as i64, Ord::cmp)?;
        return Some((places, Arc::new(Int64Array::from(distinct))));
    }
    let doubles = values.as_primitive_opt::<Float64Type>()?.values();
    if doubles.iter().any(|value| value.is_nan()) {
        return None;
    }
    let (places, distinct) = placed(doubles, most, f64::to_bits, f64::from_bits, f64::total_cmp)?;
    Some((places, Arc::new(Float64Array::from(distinct))))
}

/// The place of each number among the different ones, and these in order.
fn placed<T: Copy>(
    numbers: &[T],
    most: usize,
    bits: impl Fn(T) -> u64,
    of_bits: impl Fn(u64) -> T,
    compare: impl Fn(&T, &T) -> Ordering,
) -> Option<(Vec<u32>, Vec<T>)> {
    let (mut table, mut places) = (KeyTable::new(1), Vec::with_capacity(numbers.len()));
    let mut words = Vec::with_capacity(VECTOR_ROWS);
    for numbers in numbers.chunks(VECTOR_ROWS) {
        words.clear();
        words.extend(numbers.iter().map(|number| bits(*number)));
        table.insert_batch(&words, &mut places);
        if table.len() > most {
            return None;
        }
    }
    let mut order: Vec<(u32, T)> = (0u32..).zip(table.keys().iter().map(|key| of_bits(*key))).collect();
    order.sort_unstable_by(|(_, a), (_, b)| compare(a, b));
    let mut place_of = vec![0; order.len()];
    (0u32..).zip(&order).for_each(|(place, (id, _))| place_of[*id as usize] = place);
    places.iter_mut().for_each(|place| *place = place_of[*place as usize]);
    Some((places, order.into_iter().map(|(_, number)| number).collect()))
}

impl Held {
    fn one(codes: ArrayRef) -> Self {
        Held::Pieces(Pieces::One(codes))
    }
}

impl NumberCodes {
    /// The codes of an array whose numbers take `num_bytes` each without; `None` when it is of another type, has nulls or
    /// NaN, or too many different numbers.
    pub fn of(array: &ArrayRef, num_bytes: usize) -> Option<Self> {
        let is_double = array.data_type() == &DataType::Float64;
        let most = most_values(array.len(), num_bytes);
        let (places, values) = distinct_numbers(array, if is_double { most.min(MAX_DOUBLES) } else { most })?;
        Some(Self { codes: Held::one(narrow(&places, values.len())), values, are_all_met: true })
    }

    /// As `of`, of integers of four bytes that stand for longs: what occurs is marked instead of looked up. `None`
    /// where that cannot be, for there are nulls or marks would take more room than rows.
    pub(crate) fn of_packed(packed: &PackedNumbers) -> Option<Option<Self>> {
        let (stored, max) = (packed.stored(), packed.max() as usize);
        match codes_of(stored.as_ref())? {
            Codes::U32(all) if stored.null_count() == 0 && max / 64 <= all.len() => {
                Some(Self::of_marks(all, max, packed.scale()))
            }
            _ => None,
        }
    }

    fn of_marks(stored: &[u32], max: usize, scale: Scale) -> Option<Self> {
        let mut marks = vec![0u64; max / 64 + 1];
        stored.iter().for_each(|&at| marks[at as usize / 64] |= 1 << (at % 64));
        let mut total = 0;
        let before = marks.iter().map(|word| {
            total += word.count_ones();
            total - word.count_ones()
        });
        let before: Vec<u32> = before.collect();
        if total as usize > most_values(stored.len(), size_of::<u32>()) {
            return None;
        }
        let code = |at: u32| {
            let word = at as usize / 64;
            before[word] + (marks[word] & ((1 << (at % 64)) - 1)).count_ones()
        };
        let codes = narrowed(stored.iter().map(|&at| code(at)), total as usize);
        let met = (0..=max as u32).filter(|at| marks[*at as usize / 64] >> (at % 64) & 1 == 1);
        let values = Arc::new(Int64Array::from_iter_values(met.map(|at| scale.long(at))));
        Some(Self { codes: Held::one(codes), values, are_all_met: true })
    }

    /// Codes and numbers that were once found sound. Fails on other types and on nulls.
    /// `are_all_met` says that some row has each number.
    pub(crate) fn known(codes: ArrayRef, values: ArrayRef, are_all_met: bool) -> Result<Self> {
        let typed = matches!(values.data_type(), DataType::Int64 | DataType::Float64);
        let sound = typed && codes_of(&*codes).is_some() && codes.null_count() == 0 && values.null_count() == 0;
        let codes = Held::one(codes);
        sound.then_some(Self { codes, values, are_all_met }).ok_or_else(|| Error::corrupt("codes of numbers"))
    }

    /// Codes without nulls, each of one of the numbers, which ascend.
    pub(crate) fn of_pieces(codes: Pieces, values: ArrayRef) -> Self {
        Self { codes: Held::Pieces(codes), values, are_all_met: false }
    }

    /// Codes and numbers read from elsewhere. Fails unless the numbers ascend, without nulls and NaN, and every
    /// code is one of theirs.
    pub fn new(codes: ArrayRef, values: ArrayRef) -> Result<Self> {
        let len = values.len();
        let fit = codes.is_empty()
            || match codes_of(codes.as_ref()) {
                Some(Codes::U8(codes)) => usize::from(codes.iter().fold(0, |max, code| *code.max(&max))) < len,
                Some(Codes::U16(codes)) => usize::from(codes.iter().fold(0, |max, code| *code.max(&max))) < len,
                Some(Codes::U32(codes)) => (codes.iter().fold(0, |max, code| *code.max(&max)) as usize) < len,
                None => false,
            };
        if !ascend(&values) || !fit {
            return Err(Error::corrupt("codes of numbers"));
        }
        let mut met = vec![0u64; len.div_ceil(64)];
        if let Some(codes) = codes_of(codes.as_ref()) {
            (0..codes.len()).map(|row| codes.get(row)).for_each(|code| met[code as usize / 64] |= 1 << (code % 64));
        }
        let num_met = aggregate::listed::count(&met);
        Self::known(codes, values, num_met == len)
    }

    /// Codes that are found when they are asked for. Fails unless the numbers ascend, without nulls and NaN. Each
    /// code must be one of theirs.
    pub fn computed(codes: Arc<dyn ReadCodes>, values: ArrayRef) -> Result<Self> {
        let sound = values.null_count() == 0 && ascend(&values);
        let codes = Held::Computed(codes);
        sound.then_some(Self { codes, values, are_all_met: false }).ok_or_else(|| Error::corrupt("codes of numbers"))
    }

    /// Whether some row has each number. May answer false without knowing.
    pub fn are_all_met(&self) -> bool {
        self.are_all_met
    }

    /// The codes of a range of rows: `UInt8Array`, `UInt16Array` or `UInt32Array`, perhaps narrower than those of
    /// another one.
    pub fn read(&self, rows: Range<usize>) -> ArrayRef {
        match &self.codes {
            Held::Pieces(codes) => codes.read(rows),
            Held::Computed(codes) => codes.read(rows),
        }
    }

    /// The codes of scattered rows.
    pub fn take(&self, rows: &[u32]) -> ArrayRef {
        match &self.codes {
            Held::Pieces(codes) => codes.take(rows),
            Held::Computed(codes) => codes.take(rows),
        }
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        match &self.codes {
            Held::Pieces(codes) => codes.len(),
            Held::Computed(codes) => codes.num_rows(),
        }
    }

    /// What codes stand for.
    pub fn numbers(&self, codes: &dyn Array) -> ArrayRef {
        let codes = codes_of(codes).unwrap_or(Codes::U8(&[]));
        match self.values.as_primitive_opt::<Int64Type>() {
            Some(longs) => Arc::new(Int64Array::from(gathered(codes, longs.values()))),
            None => {
                let doubles = self.values.as_primitive::<Float64Type>();
                Arc::new(Float64Array::from(gathered(codes, doubles.values())))
            }
        }
    }

    /// All codes, in one piece.
    pub fn codes(&self) -> ArrayRef {
        match &self.codes {
            Held::Pieces(codes) => codes.whole(),
            Held::Computed(codes) => codes.read(0..codes.num_rows()),
        }
    }

    /// The numbers, ascending: `Int64Array` or `Float64Array`.
    pub fn values(&self) -> &ArrayRef {
        &self.values
    }
}

impl ReadCodes for NumberCodes {
    fn num_rows(&self) -> usize {
        self.num_rows()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.read(rows)
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.take(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_the_numbers_in_order() {
        let longs: ArrayRef = Arc::new(Int64Array::from_iter_values((0..100).map(|row| row * 7 % 5 - 2)));
        let coded = NumberCodes::of(&longs, 4).unwrap();
        assert_eq!(coded.values().as_primitive::<Int64Type>().values(), &[-2, -1, 0, 1, 2]);
        assert!(coded.are_all_met());
        let met = |num_rows| NumberCodes::new(coded.codes().slice(0, num_rows), coded.values().clone()).unwrap();
        assert!(met(5).are_all_met() && !met(4).are_all_met());
        for row in 0..100 {
            let codes = coded.codes();
            let Some(Codes::U8(codes)) = codes_of(codes.as_ref()) else { panic!("one byte is enough") };
            let value = coded.values().as_primitive::<Int64Type>().value(codes[row].into());
            assert_eq!(value, longs.as_primitive::<Int64Type>().value(row));
        }
        let doubles: ArrayRef = Arc::new(Float64Array::from_iter_values((0..40).map(|row| f64::from(row % 3) - 1.5)));
        let coded = NumberCodes::of(&doubles, 8).unwrap();
        assert_eq!(coded.values().as_primitive::<Float64Type>().values(), &[-1.5, -0.5, 0.5]);
        assert!(NumberCodes::new(coded.codes(), coded.values().clone()).is_ok());
        assert!(NumberCodes::new(coded.codes(), coded.values().slice(0, 2)).is_err());
    }

    #[test]
    fn marked_integers_have_the_codes_of_their_numbers() {
        for spread in [1, 5, 64, 3_000] {
            let stored: Vec<u32> = (0..1_000).map(|row: u32| row * 7 % 13 * spread).collect();
            let longs: ArrayRef = Arc::new(Int64Array::from_iter_values(stored.iter().map(|at| i64::from(*at) - 9)));
            let max = stored.iter().copied().max().unwrap() as usize;
            let marked = NumberCodes::of_marks(&stored, max, Scale::Long { base: -9 });
            let looked_up = NumberCodes::of(&longs, 4);
            let (marked, looked_up) = (marked.unwrap(), looked_up.unwrap());
            assert_eq!((marked.codes(), marked.values()), (looked_up.codes(), looked_up.values()));
        }
        let rare: Vec<u32> = (0..100).collect();
        assert!(NumberCodes::of_marks(&rare, 99, Scale::Long { base: 0 }).is_none());
    }

    #[test]
    fn numbers_that_hardly_repeat_have_no_codes() {
        let rare: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
        let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(1), Some(1), Some(1)]));
        let nan: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN; 100]));
        let some: ArrayRef = Arc::new(Int64Array::from_iter_values((0..100).map(|row| row % 70)));
        assert!(NumberCodes::of(&some, 8).is_some() && NumberCodes::of(&some, 4).is_none());
        assert!([rare, nulls, nan].iter().all(|array| NumberCodes::of(array, 8).is_none()));
    }
}
