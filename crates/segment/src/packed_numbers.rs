//! Columns of numbers as narrow integers.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{Codes, MAX_DIGITS, Packed, Scale};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, UInt8Array, UInt16Array, UInt32Array};
use arrow_buffer::NullBuffer;

use crate::codes::{CodeWidth, codes_of};
use crate::pieces::Pieces;
use crate::{Error, NumberCodes, Result};

/// Most numbers that are spelled out so that what is stored can be used as their codes.
const MAX_CODES: usize = 1 << 16;
/// Rows for each number below which that does not pay.
const MIN_ROWS_PER_CODE: usize = 4;

/// Longs or doubles as integers of one, two or four bytes, exactly; nulls are Arrow's.
#[derive(Clone, Debug)]
pub struct PackedNumbers {
    stored: Pieces,
    scale: Scale,
    /// The largest integer stored.
    max: u32,
    codes: OnceLock<Option<NumberCodes>>,
}

impl PackedNumbers {
    /// The packed form of an array; `None` when it is of another type, has numbers that would not come back bit by
    /// bit, or that are too far apart.
    pub fn of(array: &ArrayRef) -> Option<Self> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        if let Some(longs) = array.as_primitive_opt::<Int64Type>() {
            let present = present(longs.values(), nulls);
            let (above, min, span) = above_least(&present)?;
            return Some(Self::with_max(stored(above, span, nulls), Scale::Long { base: min }, span));
        }
        let doubles = array.as_primitive_opt::<Float64Type>()?;
        let present = present(doubles.values(), nulls);
        let mut wholes = Vec::new();
        let digits = (0..=MAX_DIGITS).find(|digits| Scale::wholes(&present, *digits, &mut wholes))?;
        let (above, min, span) = above_least(&wholes)?;
        Some(Self::with_max(stored(above, span, nulls), Scale::Double { base: min, digits }, span))
    }

    fn with_max(stored: ArrayRef, scale: Scale, max: u32) -> Self {
        Self::of_pieces(Pieces::One(stored), scale, max)
    }

    /// Integers of which none is above `max`, which stand for ascending numbers.
    pub(crate) fn of_pieces(stored: Pieces, scale: Scale, max: u32) -> Self {
        Self { stored, scale, max, codes: OnceLock::new() }
    }

    /// Integers read from elsewhere. Fails when there are none, and where they do not stand for ascending numbers.
    pub fn new(stored: ArrayRef, scale: Scale) -> Result<Self> {
        let unsound = || Error::corrupt("packed numbers");
        let max = match codes_of(stored.as_ref()).ok_or_else(unsound)? {
            Codes::U8(stored) => stored.iter().copied().max().unwrap_or(0).into(),
            Codes::U16(stored) => stored.iter().copied().max().unwrap_or(0).into(),
            Codes::U32(stored) => stored.iter().copied().max().unwrap_or(0),
        };
        scale.is_sound(max).then(|| Self::with_max(stored, scale, max)).ok_or_else(unsound)
    }

    /// Integers that were once found sound, none above `max`. Fails as `new`, without looking at them.
    pub(crate) fn known(stored: ArrayRef, scale: Scale, max: u32) -> Result<Self> {
        let sound = codes_of(stored.as_ref()).is_some() && scale.is_sound(max);
        sound.then(|| Self::with_max(stored, scale, max)).ok_or_else(|| Error::corrupt("packed numbers"))
    }

    /// The integers, in one piece: `UInt8Array`, `UInt16Array` or `UInt32Array`.
    pub fn stored(&self) -> ArrayRef {
        self.stored.whole()
    }

    /// The integers of a range of rows, perhaps narrower than those of another one.
    pub fn read_stored(&self, rows: Range<usize>) -> ArrayRef {
        self.stored.read(rows)
    }

    /// The integers of scattered rows.
    pub fn take_stored(&self, rows: &[u32]) -> ArrayRef {
        self.stored.take(rows)
    }

    /// A number as a long. Panics when the row is out of bounds.
    pub(crate) fn long(&self, row: usize) -> i64 {
        self.scale.long(self.stored.get(row))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether some row is null.
    pub fn has_nulls(&self) -> bool {
        self.stored.has_nulls()
    }

    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The largest integer stored.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Bytes of each integer.
    pub fn width(&self) -> usize {
        self.stored.width().bytes()
    }

    /// What an array of integers of this column stands for, as it is fed to folds.
    pub fn packed_of<'a>(stored: &'a dyn Array, scale: Scale, max: u32) -> Option<Packed<'a>> {
        Some(Packed { stored: codes_of(stored)?, nulls: stored.nulls(), scale, max })
    }

    /// The numbers of a range of rows: `Int64Array` or `Float64Array`.
    pub fn read(&self, rows: Range<usize>) -> ArrayRef {
        Self::unpacked(&self.stored.read(rows), self.scale)
    }

    /// The numbers of scattered rows.
    pub fn take(&self, rows: &[u32]) -> ArrayRef {
        Self::unpacked(&self.stored.take(rows), self.scale)
    }

    /// What integers stand for.
    pub(crate) fn unpacked(stored: &ArrayRef, scale: Scale) -> ArrayRef {
        let codes = codes_of(stored.as_ref()).unwrap_or(Codes::U8(&[]));
        let nulls = stored.nulls().cloned();
        match scale {
            Scale::Long { .. } => {
                let mut out = Vec::with_capacity(codes.len());
                scale.unpack_longs(codes, &mut out);
                Arc::new(Int64Array::new(out.into(), nulls))
            }
            Scale::Double { .. } => {
                let mut out = Vec::with_capacity(codes.len());
                scale.unpack_doubles(codes, &mut out);
                Arc::new(Float64Array::new(out.into(), nulls))
            }
        }
    }

    /// The integers as codes of the numbers, where there are few numbers for the rows.
    pub fn number_codes(&self) -> Option<&NumberCodes> {
        let make = || {
            let len = self.max as usize + 1;
            let pays = len <= MAX_CODES && len * MIN_ROWS_PER_CODE <= self.stored.len();
            if !pays || self.stored.has_nulls() {
                return None;
            }
            let all: ArrayRef = Arc::new(UInt32Array::from_iter_values(0..=self.max));
            Some(NumberCodes::of_pieces(self.stored.clone(), Self::unpacked(&all, self.scale)))
        };
        self.codes.get_or_init(make).as_ref()
    }
}

/// Whole numbers by their distance to the smallest, with that and the largest distance. `None` when they are too far
/// apart.
fn above_least(numbers: &[i64]) -> Option<(Vec<u32>, i64, u32)> {
    let first = numbers.first().copied().unwrap_or(0);
    let (min, max) = numbers.iter().fold((first, first), |(min, max), &number| (number.min(min), number.max(max)));
    let span = u32::try_from(max.checked_sub(min)?).ok()?;
    Some((numbers.iter().map(|number| number.wrapping_sub(min) as u32).collect(), min, span))
}

/// The values that are not null.
fn present<'a, T: Copy>(values: &'a [T], nulls: Option<&NullBuffer>) -> Cow<'a, [T]> {
    match nulls {
        None => Cow::Borrowed(values),
        Some(nulls) => nulls.valid_indices().map(|row| values[row]).collect(),
    }
}

/// Integers up to `max` of the rows that are not null, at the narrowest width; nulls as zeros.
fn stored(present: Vec<u32>, max: u32, nulls: Option<&NullBuffer>) -> ArrayRef {
    let all = match nulls {
        None => present,
        Some(nulls) => {
            let mut all = vec![0; nulls.len()];
            nulls.valid_indices().zip(present).for_each(|(row, stored)| all[row] = stored);
            all
        }
    };
    let nulls = nulls.cloned();
    match CodeWidth::for_len(max as usize + 1) {
        CodeWidth::One => Arc::new(UInt8Array::new(all.iter().map(|&stored| stored as u8).collect(), nulls)),
        CodeWidth::Two => Arc::new(UInt16Array::new(all.iter().map(|&stored| stored as u16).collect(), nulls)),
        CodeWidth::Four => Arc::new(UInt32Array::new(all.into(), nulls)),
    }
}

#[cfg(test)]
mod tests;
