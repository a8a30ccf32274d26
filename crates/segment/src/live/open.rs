//! The rows at the end of a column: one thread writes them while others read the ones before.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};

/// Cells that a column begins with: most live indexes of late time chunks stay small.
const FIRST_CELLS: usize = 256;

/// A number that one thread writes while others read the ones before it.
pub(super) trait Cell: Copy {
    type Atomic: Send + Sync;
    fn atomic() -> Self::Atomic;
    fn load(cell: &Self::Atomic) -> Self;
    fn store(cell: &Self::Atomic, value: Self);
}

// A reader learns the length together with the cells, after those below it were written, so the cells
// themselves need no ordering.
macro_rules! cell {
    ($number:ty, $atomic:ty) => {
        impl Cell for $number {
            type Atomic = $atomic;
            fn atomic() -> $atomic {
                <$atomic>::new(0)
            }
            fn load(cell: &$atomic) -> $number {
                cell.load(Ordering::Relaxed)
            }
            fn store(cell: &$atomic, value: $number) {
                cell.store(value, Ordering::Relaxed);
            }
        }
    };
}
cell!(u32, AtomicU32);
cell!(i64, AtomicI64);
cell!(u64, AtomicU64);

/// Cells, the first of which are written. Who clones them knows how many, and may only read these.
pub(super) struct Open<T: Cell>(Arc<[T::Atomic]>);

impl<T: Cell> Clone for Open<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Cell> Default for Open<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Cell> Open<T> {
    /// Cells that there are.
    pub(super) fn num_cells(&self) -> usize {
        self.0.len()
    }

    /// More cells, at most `most`; readers keep those that they have.
    #[cold]
    pub(super) fn grow(&mut self, is_first: bool, most: usize) {
        let size = if is_first { (self.0.len() * 4).max(FIRST_CELLS) } else { most };
        let larger: Arc<[T::Atomic]> = (0..size.min(most)).map(|_| T::atomic()).collect();
        larger.iter().zip(self.0.iter()).for_each(|(new, old)| T::store(new, T::load(old)));
        self.0 = larger;
    }

    /// Writes what the cells from a place on have room for; answers how many that were.
    pub(super) fn write(&self, at: usize, values: &mut impl ExactSizeIterator<Item = T>) -> usize {
        let free = &self.0[at..];
        let num_cells = free.len().min(values.len());
        free.iter().zip(values.take(num_cells)).for_each(|(cell, value)| T::store(cell, value));
        num_cells
    }

    pub(super) fn set(&self, at: usize, value: T) {
        T::store(&self.0[at], value);
    }

    /// What was written. Panics when the place is out of bounds.
    pub(super) fn get(&self, at: usize) -> T {
        T::load(&self.0[at])
    }

    /// What was written at some places. Panics when they are out of bounds.
    pub(super) fn read(&self, places: Range<usize>) -> impl ExactSizeIterator<Item = T> {
        self.0[places].iter().map(T::load)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}
