//! Columns that only grow, shared with readers without copying what is full.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

use crate::VECTOR_ROWS;

/// Cells of the first open block: most live indexes of late time chunks stay small.
const FIRST_TAIL: usize = 256;

/// A number that one thread writes while others read the ones before it.
pub(crate) trait Cell: ArrowNativeType {
    type Atomic: Send + Sync;
    fn atomic() -> Self::Atomic;
    fn load(cell: &Self::Atomic) -> Self;
    fn store(cell: &Self::Atomic, value: Self);
}

// A reader learns the length together with the blocks, after the cells below it were written, so the cells
// themselves need no ordering.
impl Cell for u32 {
    type Atomic = AtomicU32;
    fn atomic() -> AtomicU32 {
        AtomicU32::new(0)
    }
    fn load(cell: &AtomicU32) -> u32 {
        cell.load(Ordering::Relaxed)
    }
    fn store(cell: &AtomicU32, value: u32) {
        cell.store(value, Ordering::Relaxed);
    }
}

impl Cell for i64 {
    type Atomic = AtomicI64;
    fn atomic() -> AtomicI64 {
        AtomicI64::new(0)
    }
    fn load(cell: &AtomicI64) -> i64 {
        cell.load(Ordering::Relaxed)
    }
    fn store(cell: &AtomicI64, value: i64) {
        cell.store(value, Ordering::Relaxed);
    }
}

/// Full blocks of `VECTOR_ROWS` and an open one. Clones see the rows of their moment; only one of them may
/// go on to write.
pub(crate) struct Chunked<T: Cell> {
    full: Arc<Vec<ScalarBuffer<T>>>,
    tail: Arc<[T::Atomic]>,
    len: usize,
}

impl<T: Cell> Chunked<T> {
    pub(crate) fn new() -> Self {
        Self { full: Arc::default(), tail: Arc::default(), len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn extend(&mut self, mut values: impl ExactSizeIterator<Item = T>) {
        let mut left = values.len();
        while left > 0 {
            let at = self.len % VECTOR_ROWS;
            if at == self.tail.len() {
                self.grow_tail();
            }
            let free = &self.tail[at..];
            let num_cells = free.len().min(left);
            free.iter().zip(values.by_ref().take(num_cells)).for_each(|(cell, value)| T::store(cell, value));
            self.len += num_cells;
            left -= num_cells;
            if self.len.is_multiple_of(VECTOR_ROWS) {
                self.close_tail();
            }
        }
    }

    #[cold]
    fn close_tail(&mut self) {
        let values: Vec<T> = self.tail.iter().map(T::load).collect();
        Arc::make_mut(&mut self.full).push(values.into());
        self.tail = Arc::default();
    }

    /// A larger open block; readers keep the one they have.
    #[cold]
    fn grow_tail(&mut self) {
        let size = if self.full.is_empty() { (self.tail.len() * 4).max(FIRST_TAIL) } else { VECTOR_ROWS };
        let larger: Arc<[T::Atomic]> = (0..size.min(VECTOR_ROWS)).map(|_| T::atomic()).collect();
        larger.iter().zip(self.tail.iter()).for_each(|(new, old)| T::store(new, T::load(old)));
        self.tail = larger;
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        (self.full.len() * VECTOR_ROWS + self.tail.len()) * size_of::<T>()
    }

    /// What readers keep: the rows of now.
    pub(crate) fn view(&self) -> Self {
        Self { full: self.full.clone(), tail: self.tail.clone(), len: self.len }
    }

    /// Panics when the row is out of bounds.
    pub(crate) fn get(&self, row: usize) -> T {
        assert!(row < self.len, "row {row} of {}", self.len);
        match self.full.get(row / VECTOR_ROWS) {
            Some(block) => block[row % VECTOR_ROWS],
            None => T::load(&self.tail[row % VECTOR_ROWS]),
        }
    }

    /// Without copying when the rows lie in one full block. Panics when they are out of bounds.
    pub(crate) fn read(&self, rows: Range<usize>) -> ScalarBuffer<T> {
        assert!(rows.start <= rows.end && rows.end <= self.len, "rows {rows:?} of {}", self.len);
        if let Some(block) = self.full.get(rows.start / VECTOR_ROWS) {
            let start = rows.start % VECTOR_ROWS;
            if start + rows.len() <= VECTOR_ROWS {
                return block.slice(start, rows.len());
            }
        }
        let mut values = Vec::with_capacity(rows.len());
        let mut at = rows.start;
        while at < rows.end {
            let start = at % VECTOR_ROWS;
            let end = VECTOR_ROWS.min(start + rows.end - at);
            match self.full.get(at / VECTOR_ROWS) {
                Some(block) => values.extend_from_slice(&block[start..end]),
                None => values.extend(self.tail[start..end].iter().map(T::load)),
            }
            at += end - start;
        }
        values.into()
    }

    pub(crate) fn take(&self, rows: &[u32]) -> ScalarBuffer<T> {
        rows.iter().map(|&row| self.get(row as usize)).collect::<Vec<T>>().into()
    }
}
