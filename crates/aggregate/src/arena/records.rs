//! Records of an arena for reading.

use std::ops::Range;
use std::sync::Arc;

use super::{ArenaKind, BLOCK_RECORDS, BLOCK_SHIFT, Block};

/// Records for reading, held unchanged.
#[derive(Clone)]
pub struct Records {
    pub(super) kind: ArenaKind,
    pub(super) blocks: Vec<Arc<Block>>,
    pub(super) stride: usize,
    pub(super) len: usize,
}

impl Records {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Visits the states at `offset` in a range of records, which are counted from its start. Panics past the end.
    pub(crate) fn each<S: Copy>(&self, records: Range<usize>, offset: usize, mut visit: impl FnMut(usize, &S)) {
        self.runs(records, offset, size_of::<S>(), |first, start, num_records| {
            for at in 0..num_records {
                // SAFETY: in bounds; the records were initialised when the arena grew to them.
                let state = unsafe { start.add(at * self.stride).cast::<S>().read_unaligned() };
                visit(first + at, &state);
            }
        });
    }

    /// Visits the records of a range that lie behind each other: the first, counted from the start of the range, where
    /// its bytes at `offset` are, and how many there are. Panics past the end.
    fn runs(&self, records: Range<usize>, offset: usize, size: usize, mut visit: impl FnMut(usize, *const u8, usize)) {
        assert!(records.end <= self.len && offset + size <= self.stride);
        let mut record = records.start;
        while record < records.end {
            let (block, within) = self.kind.locate(record);
            let together = self.kind.together(record, records.end);
            let start = self.blocks[block].bytes.as_ptr().wrapping_add(within * self.stride + offset);
            visit(record - records.start, start, together);
            record += together;
        }
    }

    /// The states at `offset` in some records. Panics past the end.
    pub(crate) fn gather<S: Copy>(&self, records: &[u32], offset: usize) -> Vec<S> {
        let Some(first) = records.first() else { return Vec::new() };
        if records.iter().zip(*first..).fold(true, |are_all, (record, next)| are_all & (*record == next)) {
            let mut states = Vec::with_capacity(records.len());
            let first = *first as usize;
            self.runs(first..first + records.len(), offset, size_of::<S>(), |_, start, num_records| {
                // SAFETY: in bounds; the records were initialised when the arena grew to them.
                let read = |at| unsafe { start.add(at * self.stride).cast::<S>().read_unaligned() };
                states.extend((0..num_records).map(read));
            });
            return states;
        }
        let last = records.iter().fold(0, |last, record| last.max(*record));
        assert!((last as usize) < self.len && offset + size_of::<S>() <= self.stride);
        let start = |block: usize| self.blocks[block].bytes.as_ptr();
        // SAFETY: in bounds; the records were initialised when the arena grew to them.
        let read =
            |start: *const u8, at: usize| unsafe { start.add(at * self.stride + offset).cast::<S>().read_unaligned() };
        match self.kind {
            ArenaKind::Flat => {
                let start = start(0);
                records.iter().map(|record| read(start, *record as usize)).collect()
            }
            ArenaKind::Shared => {
                let place = |record: usize| (start(record >> BLOCK_SHIFT), record & (BLOCK_RECORDS - 1));
                let states = records.iter().map(|record| place(*record as usize));
                states.map(|(start, at)| read(start, at)).collect()
            }
        }
    }
}
