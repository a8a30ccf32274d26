//! Bitmaps of a string column, read straight from their serialized bytes.
//!
//! Layout, little endian: `num_values: u32`, `reserved: u32 = 0`, `offsets: [u64; num_values + 1]` into what
//! follows, then one bitmap per stored value in the portable roaring format. A value whose two offsets are
//! equal has no bitmap.

mod build;
#[cfg(test)]
mod tests;
mod view;
mod write;

use std::ops::Range;

use bytes::Bytes;

pub use build::BitmapPolicy;
pub(crate) use build::build;
use view::RoaringView;

use crate::{BitmapIndex, Error, Result};

const HEADER_BYTES: usize = 8;

/// The bitmaps of one column over bytes in memory or mapped from a file.
pub struct RoaringIndex {
    bytes: Bytes,
    num_values: usize,
}

impl RoaringIndex {
    /// Checks every offset and container header, so that reading cannot leave the bytes. Rows are below
    /// `num_rows`.
    pub fn open(bytes: Bytes, num_values: usize, num_rows: usize) -> Result<Self> {
        let index = Self::known(bytes, num_values)?;
        for code in 0..num_values as u32 {
            if let Some(bytes) = index.stored(code) {
                RoaringView::check(bytes, num_rows)?;
            }
        }
        Ok(index)
    }

    /// As `open`, of bitmaps that were once found sound: only the offsets are checked.
    pub(crate) fn known(bytes: Bytes, num_values: usize) -> Result<Self> {
        let stated = bytes.first_chunk::<4>().map(|b| u32::from_le_bytes(*b) as usize);
        if stated != Some(num_values) {
            return Err(Error::corrupt("bitmap index of another dictionary"));
        }
        let table = num_values
            .checked_add(1)
            .and_then(|n| n.checked_mul(8))
            .and_then(|n| n.checked_add(HEADER_BYTES))
            .filter(|&n| n <= bytes.len())
            .ok_or_else(|| Error::corrupt("bitmap index cut short"))?;
        let index = Self { bytes, num_values };
        let payload = (index.bytes.len() - table) as u64;
        let mut last = 0;
        for value in 0..=num_values {
            let offset = index.offset(value);
            if offset < last || offset > payload || (value == 0 && offset != 0) {
                return Err(Error::corrupt("bitmap offsets out of order"));
            }
            last = offset;
        }
        Ok(index)
    }

    /// Number of values that have a bitmap.
    pub fn num_bitmaps(&self) -> usize {
        (0..self.num_values as u32).filter(|&code| self.stored(code).is_some()).count()
    }

    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn offset(&self, at: usize) -> u64 {
        let start = HEADER_BYTES + at * 8;
        self.bytes.get(start..).and_then(|b| b.first_chunk::<8>()).map_or(0, |b| u64::from_le_bytes(*b))
    }

    fn stored(&self, code: u32) -> Option<&[u8]> {
        let code = code as usize;
        if code >= self.num_values {
            return None;
        }
        let payload = self.bytes.get(HEADER_BYTES + (self.num_values + 1) * 8..)?;
        let bytes = payload.get(self.offset(code) as usize..self.offset(code + 1) as usize)?;
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl BitmapIndex for RoaringIndex {
    fn cardinality(&self, code: u32) -> Option<u64> {
        self.stored(code).map(|bytes| RoaringView::new(bytes).cardinality())
    }

    fn fill(&self, code: u32, rows: Range<usize>, words: &mut [u64]) {
        if let Some(bytes) = self.stored(code) {
            RoaringView::new(bytes).fill(rows, words);
        }
    }

    fn positions(&self, code: u32, rows: Range<usize>, out: &mut Vec<u32>) {
        if let Some(bytes) = self.stored(code) {
            RoaringView::new(bytes).positions(rows, out);
        }
    }
}
