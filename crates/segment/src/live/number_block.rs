//! Numbers of rows that do not change any more.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, MAX_DIGITS, Scale};
use arrow_array::{Array, ArrayRef, Float32Array, Float64Array, Int64Array, UInt8Array, UInt16Array, UInt32Array};
use arrow_buffer::NullBuffer;

use crate::batch_view::bounds;
use crate::codes::{CodeWidth, codes_of};
use crate::{Bounds, PackedNumbers};

/// A block of numbers: narrow integers where these stand for them, or the numbers themselves.
#[derive(Clone)]
pub(super) struct NumberBlock {
    /// Integers of one, two or four bytes, or an `Int64Array`, `Float64Array` or `Float32Array`.
    values: ArrayRef,
    scale: Option<Scale>,
    /// The largest integer.
    max: u32,
    /// Of the numbers, and perhaps of what stands in the place of nulls.
    pub(super) bounds: Option<Bounds>,
}

impl NumberBlock {
    /// Of numbers by their bits; any number may stand for a null. The scale is one that fitted the numbers before.
    pub(super) fn of(
        column_type: &ColumnType,
        bits: impl ExactSizeIterator<Item = i64>,
        nulls: Option<NullBuffer>,
        before: Option<Scale>,
    ) -> NumberBlock {
        Self::of_array(column_type, &plain(column_type, bits, nulls), before)
    }

    /// Of an array of such numbers.
    pub(super) fn of_array(column_type: &ColumnType, array: &ArrayRef, before: Option<Scale>) -> NumberBlock {
        let nulls = || array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
        let any = array.as_any();
        let packed = match column_type {
            ColumnType::Long => {
                any.downcast_ref::<Int64Array>().and_then(|longs| Self::packed(longs.values(), None, nulls(), before))
            }
            ColumnType::Double => any.downcast_ref::<Float64Array>().and_then(|doubles| {
                let mut wholes = Vec::new();
                let digits = digits_of(doubles.values(), &mut wholes)?;
                Self::packed(&wholes, Some(digits), nulls(), before)
            }),
            _ => None,
        };
        packed.unwrap_or_else(|| Self::plain(array.clone()))
    }

    /// Numbers of which nothing is known.
    pub(super) fn plain(values: ArrayRef) -> NumberBlock {
        let bounds = bounds(values.as_ref());
        NumberBlock { values, scale: None, max: 0, bounds }
    }

    /// Of whole numbers, and of decimals that were scaled to such.
    fn packed(
        wholes: &[i64],
        digits: Option<u8>,
        nulls: Option<NullBuffer>,
        before: Option<Scale>,
    ) -> Option<NumberBlock> {
        let (&first, rest) = wholes.split_first()?;
        let (min, max) = rest.iter().fold((first, first), |(min, max), one| (*one.min(&min), *one.max(&max)));
        let span = u32::try_from(max.checked_sub(min)?).ok()?;
        let width = |span: u32| CodeWidth::for_len(span as usize + 1);
        let before = match (before, digits) {
            (Some(Scale::Double { base, digits: others }), Some(digits)) if digits == others => Some(base),
            (Some(Scale::Long { base }), None) => Some(base),
            _ => None,
        };
        // A base that other blocks have too makes their integers comparable as they are.
        let fits = |base: &i64| {
            let far = max.checked_sub(*base).and_then(|far| u32::try_from(far).ok());
            *base <= min && far.is_some_and(|far| width(far) == width(span))
        };
        let base = [Some(0), before].into_iter().flatten().find(fits).unwrap_or(min);
        let scale = match digits {
            None => Scale::Long { base },
            Some(digits) => Scale::Double { base, digits },
        };
        let (low, max) = (min.wrapping_sub(base) as u32, max.wrapping_sub(base) as u32);
        let stored = |whole: &i64| whole.wrapping_sub(base) as u32;
        let values: ArrayRef = match width(max) {
            CodeWidth::One => {
                Arc::new(UInt8Array::new(wholes.iter().map(|whole| stored(whole) as u8).collect(), nulls))
            }
            CodeWidth::Two => {
                Arc::new(UInt16Array::new(wholes.iter().map(|whole| stored(whole) as u16).collect(), nulls))
            }
            CodeWidth::Four => Arc::new(UInt32Array::new(wholes.iter().map(stored).collect(), nulls)),
        };
        let bounds = match scale {
            Scale::Long { .. } => Bounds::Long { min: scale.long(low), max: scale.long(max) },
            Scale::Double { .. } => Bounds::Double { min: scale.double(low), max: scale.double(max) },
        };
        Some(NumberBlock { values, scale: Some(scale), max, bounds: Some(bounds) })
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn has_nulls(&self) -> bool {
        self.values.null_count() > 0
    }

    pub(super) fn is_null(&self, at: usize) -> bool {
        self.values.is_null(at)
    }

    pub(super) fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// The integers, what they stand for and the largest of them.
    pub(super) fn stored(&self) -> Option<(&ArrayRef, Scale, u32)> {
        Some((&self.values, self.scale?, self.max))
    }

    /// The numbers of some rows.
    pub(super) fn read(&self, rows: Range<usize>) -> ArrayRef {
        let values = self.values.slice(rows.start, rows.len());
        match self.scale {
            Some(scale) => PackedNumbers::unpacked(&values, scale),
            None => values,
        }
    }

    /// The bits of a number.
    pub(super) fn bits(&self, at: usize) -> i64 {
        if let (Some(scale), Some(stored)) = (self.scale, codes_of(self.values.as_ref())) {
            return match scale {
                Scale::Long { .. } => scale.long(stored.get(at)),
                Scale::Double { .. } => scale.double(stored.get(at)).to_bits() as i64,
            };
        }
        let any = self.values.as_any();
        if let Some(longs) = any.downcast_ref::<Int64Array>() {
            longs.value(at)
        } else if let Some(doubles) = any.downcast_ref::<Float64Array>() {
            doubles.value(at).to_bits() as i64
        } else {
            any.downcast_ref::<Float32Array>().map_or(0, |floats| floats.value(at).to_bits().into())
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.values.get_buffer_memory_size()
    }
}

/// The fewest digits behind the point by which all numbers are whole, and these.
fn digits_of(doubles: &[f64], wholes: &mut Vec<i64>) -> Option<u8> {
    (0..=MAX_DIGITS).find(|digits| Scale::wholes(doubles, *digits, wholes))
}

/// Numbers by their bits as an array.
pub(super) fn plain(
    column_type: &ColumnType,
    bits: impl ExactSizeIterator<Item = i64>,
    nulls: Option<NullBuffer>,
) -> ArrayRef {
    match column_type {
        ColumnType::Double => {
            Arc::new(Float64Array::new(bits.map(|bits| f64::from_bits(bits as u64)).collect(), nulls))
        }
        ColumnType::Float => Arc::new(Float32Array::new(bits.map(|bits| f32::from_bits(bits as u32)).collect(), nulls)),
        ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
            Arc::new(Int64Array::new(bits.collect(), nulls))
        }
    }
}
