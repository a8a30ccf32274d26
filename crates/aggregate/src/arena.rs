//! Records of states: one record per group, one field per aggregator.
//!
//! The records lie in blocks aligned to 64 bytes. A flat arena is one block that moves when it
//! grows; a shared arena has blocks of [`BLOCK_RECORDS`] records (the first of them smaller as long as it is
//! the only one) that a snapshot may hold, and which the writer copies before it changes them.

mod records;

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::input::Groups;
use crate::prefetch::prefetch;
pub use records::Records;

/// Records in one block of a shared arena.
pub const BLOCK_RECORDS: usize = 1 << BLOCK_SHIFT;
const BLOCK_SHIFT: usize = 14;
/// Records that the first block of a shared arena begins with.
const FIRST_RECORDS: usize = 16;
const ALIGNMENT: usize = 64;
/// Bytes from which a block asks for large pages: its records are met in no order.
const LARGE_BYTES: usize = 4 << 20;
const PAGE_BYTES: usize = 4096;
/// Bytes of new records that are copied at a time from those before, which the nearest cache holds.
const WRITTEN_TOGETHER: usize = 1 << 12;

/// How the arena of a fold is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArenaKind {
    /// For queries: one block, no snapshots that outlive a change.
    Flat,
    /// For live indexes: blocks behind `Arc`, copied on write while a snapshot holds them.
    Shared,
}

impl ArenaKind {
    /// The block of a record, and its place there.
    #[inline]
    fn locate(self, record: usize) -> (usize, usize) {
        match self {
            ArenaKind::Flat => (0, record),
            ArenaKind::Shared => (record >> BLOCK_SHIFT, record & (BLOCK_RECORDS - 1)),
        }
    }

    /// How many of the records from one to another lie behind each other.
    fn together(self, start: usize, end: usize) -> usize {
        match self {
            ArenaKind::Flat => end - start,
            ArenaKind::Shared => (BLOCK_RECORDS - (start & (BLOCK_RECORDS - 1))).min(end - start),
        }
    }
}

/// Bytes aligned to [`ALIGNMENT`]. Only the owner of an arena writes to them.
struct Block {
    bytes: NonNull<u8>,
    layout: Layout,
}

// SAFETY: a block is plain memory; the arena writes only to blocks that nobody else holds.
unsafe impl Send for Block {}
// SAFETY: as above; shared blocks are only read.
unsafe impl Sync for Block {}

impl Block {
    fn new(num_bytes: usize) -> Block {
        let layout = Layout::from_size_align(num_bytes.max(ALIGNMENT), ALIGNMENT).expect("block size fits isize");
        // SAFETY: the layout's size is not zero.
        let Some(bytes) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        if num_bytes >= LARGE_BYTES {
            ask_for_large_pages(bytes.as_ptr(), num_bytes);
        }
        Block { bytes, layout }
    }

    fn copy_from(&self, other: &Block, num_bytes: usize) {
        assert!(num_bytes <= self.layout.size() && num_bytes <= other.layout.size());
        // SAFETY: both blocks hold that many bytes and are different allocations.
        unsafe { std::ptr::copy_nonoverlapping(other.bytes.as_ptr(), self.bytes.as_ptr(), num_bytes) }
    }
}

/// Nothing depends on whether it is granted.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for_large_pages(start: *const u8, num_bytes: usize) {
    let skipped = start.align_offset(PAGE_BYTES);
    let num_bytes = num_bytes.saturating_sub(skipped) / PAGE_BYTES * PAGE_BYTES;
    // SAFETY: whole pages of a living allocation; the advice changes nothing that they hold.
    unsafe { libc::madvise(start.wrapping_add(skipped).cast_mut().cast(), num_bytes, libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for_large_pages(_: *const u8, _: usize) {}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.bytes.as_ptr(), self.layout) }
    }
}

/// The records of a fold.
pub struct Arena {
    kind: ArenaKind,
    /// An empty record.
    template: Vec<u8>,
    blocks: Vec<Arc<Block>>,
    addresses: Vec<*mut u8>,
    /// Whether a block is known to be held by this arena alone.
    mine: Vec<bool>,
    all_mine: bool,
    len: usize,
    capacity: usize,
}

// SAFETY: the addresses point into `blocks`, which are `Send` and `Sync`.
unsafe impl Send for Arena {}
// SAFETY: as above; all writes go through `&mut self`.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena of records like `template`, whose length is the stride.
    pub(crate) fn new(kind: ArenaKind, template: Vec<u8>) -> Arena {
        Arena {
            kind,
            template,
            blocks: Vec::new(),
            addresses: Vec::new(),
            mine: Vec::new(),
            all_mine: true,
            len: 0,
            capacity: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn memory_bytes(&self) -> usize {
        self.capacity * self.template.len()
    }

    /// Grows to `len` records; new ones are empty. Never shrinks.
    pub(crate) fn grow(&mut self, len: usize) {
        if len <= self.len {
            return;
        }
        match self.kind {
            ArenaKind::Flat => self.reserve_flat(len),
            ArenaKind::Shared => {
                if self.capacity < len.min(BLOCK_RECORDS) {
                    self.widen_first(len);
                }
                while self.capacity < len {
                    self.push_block(Block::new(BLOCK_RECORDS * self.template.len()));
                    self.capacity += BLOCK_RECORDS;
                }
            }
        }
        let stride = self.template.len();
        if stride > 0 {
            self.own_range(self.len, len);
            let mut record = self.len;
            while record < len {
                let (block, within) = self.locate(record);
                let together = self.kind.together(record, len);
                // SAFETY: the records are below the capacity reserved above, and their block is ours.
                unsafe { write_again(&self.template, self.addresses[block].add(within * stride), together) };
                record += together;
            }
        }
        self.len = len;
    }

    fn reserve_flat(&mut self, len: usize) {
        if len <= self.capacity {
            return;
        }
        let capacity = len.max(self.capacity * 2);
        let block = Block::new(capacity * self.template.len());
        if let Some(old) = self.blocks.first() {
            block.copy_from(old, self.len * self.template.len());
        }
        self.blocks.clear();
        self.addresses.clear();
        self.mine.clear();
        self.push_block(block);
        self.capacity = capacity;
    }

    /// Most live indexes of late time chunks stay small, so the first block begins small and moves as it grows.
    #[cold]
    fn widen_first(&mut self, len: usize) {
        let capacity = len.max(self.capacity * 4).clamp(FIRST_RECORDS, BLOCK_RECORDS);
        let block = Block::new(capacity * self.template.len());
        if let Some(old) = self.blocks.pop() {
            block.copy_from(&old, self.len * self.template.len());
        }
        self.addresses.clear();
        self.mine.clear();
        self.push_block(block);
        self.capacity = capacity;
    }

    /// Gives up the first blocks of a shared arena, which must be full; the records behind them are the first from
    /// then on.
    pub(crate) fn shed(&mut self, num_blocks: usize) {
        assert!(self.kind == ArenaKind::Shared && num_blocks * BLOCK_RECORDS <= self.len, "full blocks");
        self.blocks.drain(..num_blocks);
        self.addresses.drain(..num_blocks);
        self.mine.drain(..num_blocks);
        self.len -= num_blocks * BLOCK_RECORDS;
        self.capacity -= num_blocks * BLOCK_RECORDS;
    }

    fn push_block(&mut self, block: Block) {
        self.addresses.push(block.bytes.as_ptr());
        self.blocks.push(Arc::new(block));
        self.mine.push(true);
    }

    #[inline]
    fn locate(&self, record: usize) -> (usize, usize) {
        self.kind.locate(record)
    }

    /// Makes the blocks of these groups ours, copying those that a snapshot holds.
    pub(crate) fn own(&mut self, base: usize, groups: Groups<'_>, num_rows: usize) {
        if self.all_mine || num_rows == 0 {
            return;
        }
        if let (Groups::One, _) | (_, ArenaKind::Flat) = (groups, self.kind) {
            return self.own_record(base);
        }
        for row in 0..num_rows {
            self.own_record(base + groups.get(row));
        }
    }

    pub(crate) fn own_range(&mut self, start: usize, end: usize) {
        if self.all_mine || start >= end {
            return;
        }
        let (first, last) = (self.locate(start).0, self.locate(end - 1).0);
        for block in first..=last {
            self.own_block(block);
        }
    }

    #[inline]
    fn own_record(&mut self, record: usize) {
        let (block, _) = self.locate(record);
        if !self.mine[block] {
            self.own_block(block);
        }
    }

    #[cold]
    fn own_block(&mut self, at: usize) {
        if Arc::get_mut(&mut self.blocks[at]).is_none() {
            let copy = Block::new(self.blocks[at].layout.size());
            copy.copy_from(&self.blocks[at], self.blocks[at].layout.size());
            self.addresses[at] = copy.bytes.as_ptr();
            self.blocks[at] = Arc::new(copy);
        }
        self.mine[at] = true;
    }

    /// The records as they are now, unchanged while held.
    pub(crate) fn snapshot(&mut self) -> Records {
        self.mine.fill(false);
        self.all_mine = false;
        self.records()
    }

    /// The records for reading.
    pub(crate) fn records(&self) -> Records {
        Records { kind: self.kind, blocks: self.blocks.clone(), stride: self.template.len(), len: self.len }
    }

    /// The fields of type `S` at `offset` in every record. All blocks to be written must be ours.
    pub(crate) fn fields<S: Copy>(&mut self, offset: usize) -> Fields<'_, S> {
        assert!(offset + size_of::<S>() <= self.template.len(), "field lies inside the record");
        assert!(offset.is_multiple_of(align_of::<S>()) && ALIGNMENT.is_multiple_of(align_of::<S>()));
        assert!(self.template.len().is_multiple_of(align_of::<S>()));
        Fields {
            flat: match self.kind {
                ArenaKind::Flat => self.addresses.first().copied(),
                ArenaKind::Shared => None,
            },
            addresses: &self.addresses,
            offset,
            stride: self.template.len(),
            len: self.len,
            state: PhantomData,
        }
    }
}

/// Writes a record so many times, one behind the other.
///
/// # Safety
/// There is room for so many.
unsafe fn write_again(record: &[u8], start: *mut u8, times: usize) {
    let num_bytes = record.len() * times;
    let most = (WRITTEN_TOGETHER / record.len()).max(1) * record.len();
    // SAFETY: room as the caller says; what is copied was written before and ends where its copy begins.
    unsafe {
        std::ptr::copy_nonoverlapping(record.as_ptr(), start, record.len().min(num_bytes));
        let mut written = record.len();
        while written < num_bytes {
            let more = written.min(num_bytes - written).min(most);
            std::ptr::copy_nonoverlapping(start.add(written - more), start.add(written), more);
            written += more;
        }
    }
}

/// A strided view of one field of every record.
pub struct Fields<'a, S> {
    flat: Option<*mut u8>,
    addresses: &'a [*mut u8],
    offset: usize,
    stride: usize,
    len: usize,
    state: PhantomData<&'a mut S>,
}

/// Where the field of a record lies; one implementation per arena kind, so that loops are compiled
/// for each.
pub(crate) trait Place<S> {
    /// Number of records.
    fn len(&self) -> usize;

    /// The state of a record.
    ///
    /// # Safety
    /// The record is below the number of records.
    unsafe fn at_known(&mut self, record: usize) -> &mut S;

    /// The state of a record. Panics past the end.
    #[inline(always)]
    fn at(&mut self, record: usize) -> &mut S {
        assert!(record < self.len(), "group id is below the number of groups");
        // SAFETY: as was just checked.
        unsafe { self.at_known(record) }
    }

    /// Asks the processor to load a record; any number is allowed.
    fn prefetch(&self, record: usize);
}

pub(crate) struct FlatPlace<'a, S> {
    start: *mut u8,
    stride: usize,
    len: usize,
    state: PhantomData<&'a mut S>,
}

pub(crate) struct BlockPlace<'a, S> {
    addresses: &'a [*mut u8],
    offset: usize,
    stride: usize,
    len: usize,
    state: PhantomData<&'a mut S>,
}

pub(crate) enum AnyPlace<'a, S> {
    Flat(FlatPlace<'a, S>),
    Blocks(BlockPlace<'a, S>),
}

impl<'a, S> Fields<'a, S> {
    pub(crate) fn place(self) -> AnyPlace<'a, S> {
        match self.flat {
            Some(start) => AnyPlace::Flat(FlatPlace {
                // SAFETY: `offset` lies inside the first record.
                start: unsafe { start.add(self.offset) },
                stride: self.stride,
                len: self.len,
                state: PhantomData,
            }),
            None => AnyPlace::Blocks(BlockPlace {
                addresses: self.addresses,
                offset: self.offset,
                stride: self.stride,
                len: self.len,
                state: PhantomData,
            }),
        }
    }
}

impl<S> Place<S> for FlatPlace<'_, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    unsafe fn at_known(&mut self, record: usize) -> &mut S {
        // SAFETY: in bounds as the caller says; `Arena::fields` checked size and alignment; the borrow is exclusive.
        unsafe { &mut *self.start.add(record * self.stride).cast::<S>() }
    }

    #[inline(always)]
    fn prefetch(&self, record: usize) {
        prefetch(self.start.wrapping_add(record * self.stride));
    }
}

impl<S> Place<S> for BlockPlace<'_, S> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    unsafe fn at_known(&mut self, record: usize) -> &mut S {
        let within = (record & (BLOCK_RECORDS - 1)) * self.stride + self.offset;
        // SAFETY: as for the flat place; blocks hold every record below the length.
        unsafe { &mut *self.addresses[record >> BLOCK_SHIFT].add(within).cast::<S>() }
    }

    #[inline(always)]
    fn prefetch(&self, record: usize) {
        if let Some(address) = self.addresses.get(record >> BLOCK_SHIFT) {
            prefetch(address.wrapping_add((record & (BLOCK_RECORDS - 1)) * self.stride));
        }
    }
}
