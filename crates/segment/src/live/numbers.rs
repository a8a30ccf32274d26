//! Numbers of a live snapshot.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{ColumnType, Dictionary, Scale};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

use super::number_block::{NumberBlock, plain};
use crate::pieces::{Piece, Pieces};
use crate::{BitmapIndex, Bounds, Column, NumberCodes, PackedNumbers, VECTOR_ROWS};

/// Rows of numbers: full blocks, and what is behind them.
pub(super) trait Blocks: Send + Sync {
    fn column_type(&self) -> &ColumnType;
    fn len(&self) -> usize;
    fn has_nulls(&self) -> bool;
    /// Blocks of `VECTOR_ROWS`, which do not change.
    fn full(&self) -> &[NumberBlock];
    /// The rows behind the full blocks as a block of its own, where they are some, but too few for a full one.
    fn rest(&self) -> Option<NumberBlock>;
    /// Some rows behind the full blocks, counted from there.
    fn read_rest(&self, rows: Range<usize>) -> ArrayRef;
    /// As `read_rest`, of scattered rows.
    fn take_rest(&self, rows: &[u32]) -> ArrayRef;
    fn memory_bytes(&self) -> usize;
}

/// A column of numbers.
pub(super) struct LiveNumbers<B> {
    rows: B,
    /// The rows behind the full blocks, and all in one scale; made when first asked for.
    rest: OnceLock<Option<NumberBlock>>,
    packed: OnceLock<Option<PackedNumbers>>,
}

impl<B: Blocks> LiveNumbers<B> {
    pub(super) fn new(rows: B) -> Self {
        Self { rows, rest: OnceLock::new(), packed: OnceLock::new() }
    }

    fn rest(&self) -> Option<&NumberBlock> {
        self.rest.get_or_init(|| self.rows.rest()).as_ref()
    }

    /// Rows in full blocks.
    fn num_full(&self) -> usize {
        self.rows.full().len() * VECTOR_ROWS
    }

    fn pack(&self) -> Option<PackedNumbers> {
        let full = self.rows.full();
        if full.is_empty() || full.iter().any(|block| block.scale().is_none()) {
            return None;
        }
        let blocks: Vec<&NumberBlock> = full.iter().chain(self.rest()).collect();
        let num_rows: usize = blocks.iter().map(|block| block.len()).sum();
        packed(&blocks).filter(|_| num_rows == self.rows.len())
    }
}

impl<B: Blocks> Column for LiveNumbers<B> {
    fn column_type(&self) -> ColumnType {
        self.rows.column_type().clone()
    }

    fn is_multi_value(&self) -> bool {
        false
    }

    fn has_nulls(&self) -> bool {
        self.rows.has_nulls()
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        assert!(rows.start <= rows.end && rows.end <= self.rows.len(), "rows {rows:?} of {}", self.rows.len());
        let (full, num_full) = (self.rows.full(), self.num_full());
        let mut parts = Vec::new();
        let mut at = rows.start;
        while at < rows.end.min(num_full) {
            let start = at % VECTOR_ROWS;
            let end = VECTOR_ROWS.min(start + rows.end - at);
            parts.push(full[at / VECTOR_ROWS].read(start..end));
            at += end - start;
        }
        if at < rows.end || parts.is_empty() {
            parts.push(match at < num_full {
                true => full[at / VECTOR_ROWS].read(0..0),
                false => self.rows.read_rest(at - num_full..rows.end - num_full),
            });
        }
        joined(parts)
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        if let Some(packed) = self.packed() {
            return packed.take(rows);
        }
        let num_full = self.num_full();
        if num_full == 0 {
            return self.rows.take_rest(rows);
        }
        let is_full = |row: &u32| (*row as usize) < num_full;
        // Of each run of rows in one place.
        let mut parts = Vec::new();
        for run in rows.chunk_by(|one, other| is_full(one) == is_full(other)) {
            parts.push(match is_full(&run[0]) {
                true => take_full(self.rows.full(), self.rows.column_type(), run),
                false => self.rows.take_rest(&run.iter().map(|row| row - num_full as u32).collect::<Vec<_>>()),
            });
        }
        if parts.is_empty() {
            return self.read(0..0);
        }
        joined(parts)
    }

    fn dictionary(&self) -> Option<Arc<dyn Dictionary>> {
        None
    }

    fn bitmaps(&self) -> Option<&dyn BitmapIndex> {
        None
    }

    fn size_bytes(&self) -> u64 {
        self.rows.memory_bytes() as u64
    }

    fn number_codes(&self) -> Option<&NumberCodes> {
        self.packed()?.number_codes()
    }

    fn packed(&self) -> Option<&PackedNumbers> {
        self.packed.get_or_init(|| self.pack()).as_ref()
    }

    fn zone(&self, rows: Range<usize>) -> Option<Bounds> {
        let full = self.rows.full();
        let rest = || self.rest.get().and_then(Option::as_ref);
        let bounds = |at: usize| full.get(at).or_else(rest)?.bounds;
        let mut zones = (rows.start / VECTOR_ROWS..rows.end.div_ceil(VECTOR_ROWS)).map(bounds);
        let first = zones.next()??;
        zones.try_fold(first, |all, zone| Some(all.spanning(zone?)))
    }
}

fn joined(parts: Vec<ArrayRef>) -> ArrayRef {
    let arrays: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        _ => arrow_select::concat::concat(&arrays).expect("arrays of one type"),
    }
}

/// Scattered rows of full blocks.
fn take_full(full: &[NumberBlock], column_type: &ColumnType, rows: &[u32]) -> ArrayRef {
    let place = |row: &u32| (&full[*row as usize / VECTOR_ROWS], *row as usize % VECTOR_ROWS);
    let bits: Vec<i64> = rows.iter().map(place).map(|(block, at)| block.bits(at)).collect();
    let nulls: NullBuffer = rows.iter().map(place).map(|(block, at)| !block.is_null(at)).collect();
    plain(column_type, bits.into_iter(), Some(nulls).filter(|nulls| nulls.null_count() > 0))
}

/// Blocks in one scale, if there is one that all fit in.
fn packed(blocks: &[&NumberBlock]) -> Option<PackedNumbers> {
    let scales: Vec<Scale> = blocks.iter().map(|block| block.scale()).collect::<Option<_>>()?;
    let digits = |scale: &Scale| if let Scale::Double { digits, .. } = scale { *digits } else { 0 };
    let most = scales.iter().map(digits).max()?;
    // Of each block: what its integers are multiplied by, and the smallest and largest whole number.
    let mut parts = Vec::with_capacity(blocks.len());
    for (block, scale) in blocks.iter().zip(&scales) {
        let (Scale::Long { base } | Scale::Double { base, .. }) = *scale;
        let times = 10i64.pow(u32::from(most - digits(scale)));
        let (stored, _, max) = block.stored()?;
        let last = base.checked_add(max.into())?.checked_mul(times)?;
        parts.push((stored, times, base.checked_mul(times)?, last));
    }
    let base = parts.iter().map(|(_, _, first, _)| *first).min()?;
    let max = u32::try_from(parts.iter().map(|(_, _, _, last)| *last).max()?.checked_sub(base)?).ok()?;
    let scale = match scales.first()? {
        Scale::Long { .. } => Scale::Long { base },
        Scale::Double { .. } => Scale::Double { base, digits: most },
    };
    let pieces = parts.into_iter().map(|(stored, times, first, _)| {
        Some(Piece {
            stored: stored.clone(),
            times: u32::try_from(times).ok()?,
            plus: u32::try_from(first.checked_sub(base)?).ok()?,
        })
    });
    let pieces = Pieces::blocks(pieces.collect::<Option<_>>()?, max);
    scale.is_sound(max).then(|| PackedNumbers::of_pieces(pieces, scale, max))
}
