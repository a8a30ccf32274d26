//! Numbers of rows.

use std::ops::Range;
use std::sync::Arc;

use aggregate::ColumnType;
use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBuffer, NullBuffer};

use super::number_block::{NumberBlock, plain};
use super::numbers::Blocks;
use super::open::Open;
use crate::VECTOR_ROWS;

/// Full blocks and an open one. Clones see the rows of their moment; only one of them may go on to write.
pub(super) struct NumberRows {
    column_type: ColumnType,
    full: Arc<Vec<NumberBlock>>,
    /// The bits of numbers.
    open: Open<i64>,
    /// A bit for each row of the open block that is null; no cells before the first of them.
    nulls: Open<u64>,
    len: usize,
    num_nulls: usize,
    /// What stands in the place of a null: the number before.
    filler: i64,
}

impl NumberRows {
    /// Of a long, double or float column.
    pub(super) fn new(column_type: ColumnType) -> Self {
        let (full, open, nulls) = (Arc::default(), Open::default(), Open::default());
        Self { column_type, full, open, nulls, len: 0, num_nulls: 0, filler: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds numbers by their bits: of a float its 32 bits.
    pub(super) fn extend(&mut self, mut bits: impl ExactSizeIterator<Item = i64>) {
        while bits.len() > 0 {
            let at = self.room();
            self.len += self.open.write(at, &mut bits);
            self.close_if_full();
        }
    }

    /// As `extend`, of numbers of which some are null.
    pub(super) fn extend_nullable(&mut self, bits: impl Iterator<Item = Option<i64>>) {
        for bits in bits {
            let at = self.room();
            match bits {
                Some(bits) => self.filler = bits,
                None => self.mark_null(at),
            }
            self.open.set(at, self.filler);
            self.len += 1;
            self.close_if_full();
        }
    }

    /// The place of the next row in the open block.
    fn room(&mut self) -> usize {
        let at = self.len % VECTOR_ROWS;
        if at == self.open.num_cells() {
            self.open.grow(self.full.is_empty(), VECTOR_ROWS);
        }
        at
    }

    fn mark_null(&mut self, at: usize) {
        self.num_nulls += 1;
        if self.nulls.num_cells() == 0 {
            self.nulls.grow(false, VECTOR_ROWS / 64);
        }
        self.nulls.set(at / 64, self.nulls.get(at / 64) | 1 << (at % 64));
    }

    fn close_if_full(&mut self) {
        if !self.len.is_multiple_of(VECTOR_ROWS) {
            return;
        }
        let block = self.open_block(VECTOR_ROWS);
        Arc::make_mut(&mut self.full).push(block);
        (self.open, self.nulls) = (Open::default(), Open::default());
    }

    /// The first rows of the open block.
    fn open_block(&self, num_rows: usize) -> NumberBlock {
        let before = self.full.last().and_then(NumberBlock::scale);
        NumberBlock::of(&self.column_type, self.open.read(0..num_rows), self.open_nulls(0..num_rows), before)
    }

    /// Of a row of the open block, where some is null.
    fn is_valid(&self, at: usize) -> bool {
        self.nulls.get(at / 64) >> (at % 64) & 1 == 0
    }

    fn open_nulls(&self, rows: Range<usize>) -> Option<NullBuffer> {
        if self.nulls.num_cells() == 0 {
            return None;
        }
        let nulls = NullBuffer::new(BooleanBuffer::collect_bool(rows.len(), |row| self.is_valid(rows.start + row)));
        Some(nulls).filter(|nulls| nulls.null_count() > 0)
    }

    pub(super) fn num_bytes(&self) -> usize {
        let full: usize = self.full.iter().map(NumberBlock::memory_bytes).sum();
        full + self.open.memory_bytes() + self.nulls.memory_bytes()
    }

    /// What readers keep: the rows of now.
    pub(super) fn view(&self) -> Self {
        Self {
            column_type: self.column_type.clone(),
            full: self.full.clone(),
            open: self.open.clone(),
            nulls: self.nulls.clone(),
            ..*self
        }
    }
}

impl Blocks for NumberRows {
    fn column_type(&self) -> &ColumnType {
        &self.column_type
    }

    fn len(&self) -> usize {
        self.len
    }

    fn has_nulls(&self) -> bool {
        self.num_nulls > 0
    }

    fn full(&self) -> &[NumberBlock] {
        &self.full
    }

    fn rest(&self) -> Option<NumberBlock> {
        let num_rows = self.len % VECTOR_ROWS;
        (num_rows > 0).then(|| self.open_block(num_rows))
    }

    fn read_rest(&self, rows: Range<usize>) -> ArrayRef {
        plain(&self.column_type, self.open.read(rows.clone()), self.open_nulls(rows))
    }

    fn take_rest(&self, rows: &[u32]) -> ArrayRef {
        let nulls = (self.nulls.num_cells() > 0).then(|| rows.iter().map(|row| self.is_valid(*row as usize)).collect());
        let bits: Vec<i64> = rows.iter().map(|row| self.open.get(*row as usize)).collect();
        plain(&self.column_type, bits.into_iter(), nulls)
    }

    fn memory_bytes(&self) -> usize {
        self.num_bytes()
    }
}
