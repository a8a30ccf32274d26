//! Dictionary codes at the narrowest width that holds them.

use std::sync::Arc;

use aggregate::Codes;
use arrow_array::{Array, ArrayRef, UInt8Array, UInt16Array, UInt32Array};
use arrow_schema::DataType;

/// How wide the codes of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeWidth {
    One,
    Two,
    Four,
}

impl CodeWidth {
    /// The narrowest that holds codes `0..num_values`.
    pub fn for_len(num_values: usize) -> Self {
        match num_values {
            0..=0x100 => CodeWidth::One,
            0x101..=0x1_0000 => CodeWidth::Two,
            _ => CodeWidth::Four,
        }
    }

    pub fn bytes(self) -> usize {
        match self {
            CodeWidth::One => 1,
            CodeWidth::Two => 2,
            CodeWidth::Four => 4,
        }
    }

    pub fn data_type(self) -> DataType {
        match self {
            CodeWidth::One => DataType::UInt8,
            CodeWidth::Two => DataType::UInt16,
            CodeWidth::Four => DataType::UInt32,
        }
    }
}

/// Narrows codes, each of which must be below `num_values`.
pub fn narrow(codes: &[u32], num_values: usize) -> ArrayRef {
    narrowed(codes.iter().copied(), num_values)
}

/// As `narrow`, of codes that are found one by one.
pub(crate) fn narrowed(codes: impl Iterator<Item = u32>, num_values: usize) -> ArrayRef {
    match CodeWidth::for_len(num_values) {
        CodeWidth::One => Arc::new(UInt8Array::from_iter_values(codes.map(|c| c as u8))),
        CodeWidth::Two => Arc::new(UInt16Array::from_iter_values(codes.map(|c| c as u16))),
        CodeWidth::Four => Arc::new(UInt32Array::from_iter_values(codes)),
    }
}

/// What other codes stand for, code by code, each below `num_values`. Panics where `map` has no entry for a code.
pub fn map_codes(others: Codes<'_>, map: &[u32], num_values: usize) -> ArrayRef {
    match others {
        Codes::U8(others) => narrowed(others.iter().map(|&other| map[usize::from(other)]), num_values),
        Codes::U16(others) => narrowed(others.iter().map(|&other| map[usize::from(other)]), num_values),
        Codes::U32(others) => narrowed(others.iter().map(|&other| map[other as usize]), num_values),
    }
}

/// As [`map_codes`], into codes of the width of the map.
pub fn remap_codes(others: Codes<'_>, map: Codes<'_>) -> ArrayRef {
    match map {
        Codes::U8(map) => Arc::new(UInt8Array::from(gathered(others, map))),
        Codes::U16(map) => Arc::new(UInt16Array::from(gathered(others, map))),
        Codes::U32(map) => Arc::new(UInt32Array::from(gathered(others, map))),
    }
}

/// What each code stands for. Panics where there is nothing.
pub(crate) fn gathered<T: Copy>(codes: Codes<'_>, values: &[T]) -> Vec<T> {
    match codes {
        Codes::U8(codes) => codes.iter().map(|&code| values[usize::from(code)]).collect(),
        Codes::U16(codes) => codes.iter().map(|&code| values[usize::from(code)]).collect(),
        Codes::U32(codes) => codes.iter().map(|&code| values[code as usize]).collect(),
    }
}

/// The codes of an array that `Column::read` answered for a string column, or of the values of its lists.
/// `None` when the array is of another type.
pub fn codes_of(array: &dyn Array) -> Option<Codes<'_>> {
    let any = array.as_any();
    if let Some(codes) = any.downcast_ref::<UInt8Array>() {
        Some(Codes::U8(codes.values()))
    } else if let Some(codes) = any.downcast_ref::<UInt16Array>() {
        Some(Codes::U16(codes.values()))
    } else {
        any.downcast_ref::<UInt32Array>().map(|codes| Codes::U32(codes.values()))
    }
}

/// The codes of an array, widened. `None` when it is no array of codes.
pub fn widen(array: &dyn Array) -> Option<Vec<u32>> {
    Some(match codes_of(array)? {
        Codes::U8(codes) => codes.iter().map(|&c| u32::from(c)).collect(),
        Codes::U16(codes) => codes.iter().map(|&c| u32::from(c)).collect(),
        Codes::U32(codes) => codes.to_vec(),
    })
}
