//! Values numbered in the order of their first sight; readers look up beside the writer.

use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use aggregate::prefetch;
use foldhash::fast::FixedState;

/// Entries of the first chunk; each further one doubles.
const FIRST_CHUNK: usize = 64;
const MIN_SLOTS: usize = 128;
const EMPTY: u64 = u64::MAX;
/// Keys between the loading of a slot and its use.
const BATCH: usize = 64;

/// A value as it is kept, and as it is looked up.
pub(crate) trait Entry: Send + Sync + Sized {
    type Key<'k>: Hash + Copy;
    fn matches(&self, key: Self::Key<'_>) -> bool;
    fn own(key: Self::Key<'_>) -> Self;
    /// Bytes outside the entry itself.
    fn heap_bytes(key: Self::Key<'_>) -> usize;
}

impl Entry for Option<Box<str>> {
    type Key<'k> = Option<&'k str>;
    fn matches(&self, key: Option<&str>) -> bool {
        self.as_deref() == key
    }
    fn own(key: Option<&str>) -> Self {
        key.map(Into::into)
    }
    fn heap_bytes(key: Option<&str>) -> usize {
        key.map_or(0, |text| text.len().next_multiple_of(16) + 16)
    }
}

impl Entry for Box<[u32]> {
    type Key<'k> = &'k [u32];
    fn matches(&self, key: &[u32]) -> bool {
        **self == *key
    }
    fn own(key: &[u32]) -> Self {
        key.into()
    }
    fn heap_bytes(key: &[u32]) -> usize {
        (key.len() * 4).next_multiple_of(16) + 16
    }
}

impl Entry for Option<u64> {
    type Key<'k> = Option<u64>;
    fn matches(&self, key: Option<u64>) -> bool {
        *self == key
    }
    fn own(key: Option<u64>) -> Self {
        key
    }
    fn heap_bytes(_key: Option<u64>) -> usize {
        0
    }
}

type Chunk<E> = Arc<[OnceLock<E>]>;

/// An append-only set. Entries never move, so a view of it keeps reading while the writer goes on.
pub(crate) struct Interner<E: Entry> {
    chunks: Arc<Vec<Chunk<E>>>,
    /// Open addressing; a slot holds 32 bits of the hash and the code.
    slots: Arc<[AtomicU64]>,
    len: u32,
    heap_bytes: usize,
}

impl<E: Entry> Interner<E> {
    pub(crate) fn new() -> Self {
        Self { chunks: Arc::default(), slots: empty_slots(MIN_SLOTS), len: 0, heap_bytes: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let entries: usize = self.chunks.iter().map(|chunk| chunk.len()).sum();
        entries * size_of::<OnceLock<E>>() + self.slots.len() * 8 + self.heap_bytes
    }

    /// The entries of now. The writer may go on; the view must not be written to.
    pub(crate) fn view(&self) -> Self {
        Self { chunks: self.chunks.clone(), slots: self.slots.clone(), len: self.len, heap_bytes: self.heap_bytes }
    }

    pub(crate) fn get(&self, code: u32) -> Option<&E> {
        if code >= self.len {
            return None;
        }
        let (chunk, within) = locate(code);
        self.chunks.get(chunk)?.get(within)?.get()
    }

    pub(crate) fn find(&self, key: E::Key<'_>) -> Option<u32> {
        self.probe(tag(key), key).ok()
    }

    /// The code of a value, a new one when it is not known and fewer than `limit` are. `None` at the limit.
    pub(crate) fn intern(&mut self, key: E::Key<'_>, limit: usize) -> Option<u32> {
        let tag = tag(key);
        let slot = match self.probe(tag, key) {
            Ok(code) => return Some(code),
            Err(slot) => slot,
        };
        let code = self.len;
        if code as usize >= limit {
            return None;
        }
        let (chunk, within) = locate(code);
        if chunk == self.chunks.len() {
            let entries = (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect();
            Arc::make_mut(&mut self.chunks).push(entries);
        }
        let _ = self.chunks[chunk][within].set(E::own(key));
        self.heap_bytes += E::heap_bytes(key);
        self.len += 1;
        self.slots[slot].store(u64::from(tag) << 32 | u64::from(code), Ordering::Release);
        if self.len as usize * 2 > self.slots.len() {
            self.grow();
        }
        Some(code)
    }

    /// The codes of many values, each as from [`Interner::intern`], by fewer waits for memory.
    pub(crate) fn intern_all(&mut self, keys: &[E::Key<'_>], limit: usize, out: &mut Vec<u32>) -> Option<()> {
        for keys in keys.chunks(BATCH) {
            let mask = self.slots.len() - 1;
            let mut tags = [0; BATCH];
            for (tag, &key) in tags.iter_mut().zip(keys) {
                *tag = self::tag(key);
                prefetch(&raw const self.slots[*tag as usize & mask]);
            }
            for &tag in &tags[..keys.len()] {
                let slot = self.slots[tag as usize & mask].load(Ordering::Relaxed);
                let (chunk, within) = locate(slot as u32);
                if let Some(entry) = self.chunks.get(chunk).and_then(|chunk| chunk.get(within)) {
                    prefetch(entry);
                }
            }
            for &key in keys {
                out.push(self.intern(key, limit)?);
            }
        }
        Some(())
    }

    /// The code, or the free slot where the key would go.
    fn probe(&self, tag: u32, key: E::Key<'_>) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut at = tag as usize & mask;
        loop {
            let slot = self.slots[at].load(Ordering::Acquire);
            if slot == EMPTY {
                return Err(at);
            }
            if (slot >> 32) as u32 == tag && self.get(slot as u32).is_some_and(|entry| entry.matches(key)) {
                return Ok(slot as u32);
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let slots = empty_slots(self.slots.len() * 2);
        let mask = slots.len() - 1;
        for old in self.slots.iter() {
            let old = old.load(Ordering::Relaxed);
            if old != EMPTY {
                let mut at = (old >> 32) as usize & mask;
                while slots[at].load(Ordering::Relaxed) != EMPTY {
                    at = (at + 1) & mask;
                }
                slots[at].store(old, Ordering::Relaxed);
            }
        }
        self.slots = slots;
    }
}

fn empty_slots(num_slots: usize) -> Arc<[AtomicU64]> {
    (0..num_slots).map(|_| AtomicU64::new(EMPTY)).collect()
}

fn tag<K: Hash>(key: K) -> u32 {
    let hash = FixedState::default().hash_one(key);
    (hash >> 32) as u32 ^ hash as u32
}

/// Chunk and place of a code: chunk `i` holds `FIRST_CHUNK << i` entries.
fn locate(code: u32) -> (usize, usize) {
    let shifted = code as usize + FIRST_CHUNK;
    let chunk = (shifted / FIRST_CHUNK).ilog2() as usize;
    (chunk, shifted - (FIRST_CHUNK << chunk))
}
