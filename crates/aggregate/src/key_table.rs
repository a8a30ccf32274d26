//! Keys to dense group ids.

use crate::arena::ask_for_large_pages;
use crate::prefetch::prefetch;

/// Rows between a key's hash and its probe, so that slots and keys are in cache when needed.
const BATCH: usize = 256;
/// Old slots moved to a grown table for each key that is looked up.
const MOVES_PER_KEY: usize = 8;
/// Ids stay below this, so that an id plus one fits a slot.
const MAX_GROUPS: usize = u32::MAX as usize;
const MIN_SLOTS: usize = 1 << 8;
/// Slots of a table that asks for large pages: they are met in no order.
const LARGE_SLOTS: usize = 1 << 19;

/// A hash table from packed keys (a fixed number of `u64` words) to dense ids in order of first
/// sight. Ids and keys are never removed. Growing is spread over later look-ups.
pub struct KeyTable {
    width: usize,
    /// All keys are one word of 32 bits, which their slots hold instead of a hash.
    is_narrow: bool,
    keys: Vec<u64>,
    slots: Slots,
    /// The smaller table, while its entries move.
    old: Slots,
    moved: usize,
    hashes: Vec<u64>,
}

/// Open addressing, linear probing. A slot holds 32 bits of the key's hash, or a narrow key, and a group id plus one;
/// a free one is zero, so that a large new table costs nothing until it is touched.
#[derive(Default)]
struct Slots {
    entries: Vec<u64>,
    mask: usize,
}

/// The group in a slot.
#[inline(always)]
fn group_of(entry: u64) -> Option<u32> {
    (entry as u32).checked_sub(1)
}

impl Slots {
    fn new(num_slots: usize) -> Slots {
        let entries = vec![0; num_slots];
        if num_slots >= LARGE_SLOTS {
            ask_for_large_pages(entries.as_ptr().cast(), num_slots * size_of::<u64>());
        }
        Slots { entries, mask: num_slots - 1 }
    }
}

impl KeyTable {
    /// A table of keys of `width` words, at least one.
    pub fn new(width: usize) -> KeyTable {
        KeyTable::with_capacity(width, 0)
    }

    /// A table with room for `num_keys` keys before it grows.
    pub fn with_capacity(width: usize, num_keys: usize) -> KeyTable {
        let num_slots = (num_keys * 2).next_power_of_two().max(MIN_SLOTS);
        KeyTable {
            width: width.max(1),
            is_narrow: width <= 1,
            keys: Vec::with_capacity(num_keys * width.max(1)),
            slots: Slots::new(num_slots),
            old: Slots::default(),
            moved: 0,
            hashes: Vec::with_capacity(BATCH),
        }
    }

    /// Number of words in a key.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of distinct keys.
    pub fn len(&self) -> usize {
        self.keys.len() / self.width
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of a group.
    pub fn key(&self, group: u32) -> &[u64] {
        let start = group as usize * self.width;
        &self.keys[start..start + self.width]
    }

    /// The keys of some groups, `width` words each.
    pub fn keys_of(&self, groups: &[u32]) -> Vec<u64> {
        match self.width {
            1 => groups.iter().map(|group| self.keys[*group as usize]).collect(),
            _ => groups.iter().flat_map(|group| self.key(*group)).copied().collect(),
        }
    }

    /// All keys in the order of their groups, `width` words each.
    pub fn keys(&self) -> &[u64] {
        &self.keys
    }

    pub fn memory_bytes(&self) -> usize {
        let slots = self.slots.entries.capacity() + self.old.entries.capacity();
        self.keys.capacity() * size_of::<u64>() + slots * size_of::<u64>()
    }

    /// Appends to `groups` the group of each key in `keys` (`width` words each), new ones included.
    pub fn insert_batch(&mut self, keys: &[u64], groups: &mut Vec<u32>) {
        groups.reserve(keys.len() / self.width);
        let mut hashes = std::mem::take(&mut self.hashes);
        for keys in keys.chunks(BATCH * self.width) {
            if self.is_narrow && keys.iter().fold(0, |all, key| all | key) >> NARROW_BITS != 0 {
                self.widen();
            }
            self.reserve(keys.len() / self.width);
            match self.width {
                1 if self.is_narrow => self.insert_narrow(keys, &mut hashes, groups),
                1 => self.insert_wide(keys, 1, &mut hashes, groups),
                2 => self.insert_wide(keys, 2, &mut hashes, groups),
                3 => self.insert_wide(keys, 3, &mut hashes, groups),
                4 => self.insert_wide(keys, 4, &mut hashes, groups),
                width => self.insert_wide(keys, width, &mut hashes, groups),
            }
        }
        self.hashes = hashes;
    }

    /// Inlined for each width, so that comparing keys of few words is no call.
    #[inline(always)]
    fn insert_wide(&mut self, keys: &[u64], width: usize, hashes: &mut Vec<u64>, groups: &mut Vec<u32>) {
        hashes.clear();
        hashes.extend(keys.chunks_exact(width).map(hash));
        for &hash in &*hashes {
            self.slots.prefetch(hash);
        }
        for &hash in &*hashes {
            if let Some(group) = self.slots.first(hash) {
                prefetch(self.keys.as_ptr().wrapping_add(group as usize * width));
            }
        }
        for (key, &hash) in keys.chunks_exact(width).zip(&*hashes) {
            groups.push(self.insert(key, hash));
        }
    }

    fn insert_narrow(&mut self, keys: &[u64], hashes: &mut Vec<u64>, groups: &mut Vec<u32>) {
        hashes.clear();
        hashes.extend(keys.iter().map(|key| narrow_hash(*key)));
        for &hash in &*hashes {
            self.slots.prefetch(hash);
        }
        for (&key, &hash) in keys.iter().zip(&*hashes) {
            let found = self.slots.find_tag(hash, key as u32, |_| true);
            let found = found.or_else(|| self.old.find_tag(hash, key as u32, |_| true));
            groups.push(found.unwrap_or_else(|| {
                let group = self.next_group();
                self.keys.push(key);
                self.slots.put(group, hash, key as u32);
                group
            }));
        }
    }

    /// The group of one key, if it has one.
    pub fn find(&self, key: &[u64]) -> Option<u32> {
        if self.is_narrow {
            let [key] = *key else { return None };
            let (hash, tag) = (narrow_hash(key), u32::try_from(key).ok()?);
            return self.slots.find_tag(hash, tag, |_| true).or_else(|| self.old.find_tag(hash, tag, |_| true));
        }
        let hash = hash(key);
        self.slots.find(hash, key, &self.keys).or_else(|| self.old.find(hash, key, &self.keys))
    }

    fn next_group(&self) -> u32 {
        assert!(self.len() < MAX_GROUPS, "fewer than 2^32 - 1 groups");
        self.len() as u32
    }

    /// Keys do not fit their slots any more.
    #[cold]
    fn widen(&mut self) {
        self.is_narrow = false;
        self.slots = Slots::new(self.slots.entries.len());
        self.old = Slots::default();
        for (group, key) in (0u32..).zip(&self.keys) {
            let hash = hash(std::slice::from_ref(key));
            self.slots.put(group, hash, tag_of(hash));
        }
    }

    #[inline(always)]
    fn insert(&mut self, key: &[u64], hash: u64) -> u32 {
        if let Some(group) = self.slots.find(hash, key, &self.keys) {
            return group;
        }
        if let Some(group) = self.old.find(hash, key, &self.keys) {
            return group;
        }
        let group = self.next_group();
        self.keys.extend_from_slice(key);
        self.slots.put(group, hash, tag_of(hash));
        group
    }

    /// Makes sure that `num_keys` more keys fit, and moves some entries of a table that has grown.
    fn reserve(&mut self, num_keys: usize) {
        self.move_some(num_keys * MOVES_PER_KEY);
        if (self.len() + num_keys) * 2 > self.slots.entries.len() {
            self.move_some(usize::MAX);
            let mut num_slots = self.slots.entries.len() * 2;
            while (self.len() + num_keys) * 2 > num_slots {
                num_slots *= 2;
            }
            self.old = std::mem::replace(&mut self.slots, Slots::new(num_slots));
            self.moved = 0;
        }
    }

    fn move_some(&mut self, num_slots: usize) {
        if self.old.entries.is_empty() {
            return;
        }
        let end = self.moved.saturating_add(num_slots).min(self.old.entries.len());
        for at in self.moved..end {
            let entry = self.old.entries[at];
            let Some(group) = group_of(entry) else { continue };
            let tag = (entry >> NARROW_BITS) as u32;
            let hash = match self.is_narrow {
                true => narrow_hash(tag.into()),
                false => hash(&self.keys[group as usize * self.width..][..self.width]),
            };
            self.slots.put(group, hash, tag);
        }
        self.moved = end;
        if end == self.old.entries.len() {
            self.old = Slots::default();
        }
    }
}

impl Slots {
    #[inline]
    fn prefetch(&self, hash: u64) {
        prefetch(self.entries.as_ptr().wrapping_add(hash as usize & self.mask));
    }

    /// The group in the first slot of a hash, if any.
    #[inline]
    fn first(&self, hash: u64) -> Option<u32> {
        group_of(self.entries[hash as usize & self.mask])
    }

    #[inline(always)]
    fn find(&self, hash: u64, key: &[u64], keys: &[u64]) -> Option<u32> {
        self.find_tag(hash, tag_of(hash), |group| {
            let start = group as usize * key.len();
            &keys[start..start + key.len()] == key
        })
    }

    /// The first group with a tag that is the one.
    #[inline(always)]
    fn find_tag(&self, hash: u64, tag: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        let mut at = hash as usize & self.mask;
        loop {
            let entry = self.entries[at];
            let group = group_of(entry)?;
            if (entry >> NARROW_BITS) as u32 == tag && is_it(group) {
                return Some(group);
            }
            at = (at + 1) & self.mask;
        }
    }

    #[inline]
    fn put(&mut self, group: u32, hash: u64, tag: u32) {
        let mut at = hash as usize & self.mask;
        while self.entries[at] != 0 {
            at = (at + 1) & self.mask;
        }
        self.entries[at] = u64::from(tag) << NARROW_BITS | (u64::from(group) + 1);
    }
}

/// Bits of a key that its slot can hold.
const NARROW_BITS: u32 = 32;

#[inline(always)]
fn tag_of(hash: u64) -> u32 {
    (hash >> NARROW_BITS) as u32
}

/// A hash of a key of one narrow word.
#[inline(always)]
fn narrow_hash(key: u64) -> u64 {
    let product = u128::from(key ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xa076_1d64_78bd_642f_u64);
    (product >> 64) as u64 ^ product as u64
}

/// A hash of a key; the same in every process.
#[inline(always)]
fn hash(key: &[u64]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ key.len() as u64;
    for &word in key {
        let product = u128::from(state ^ word) * u128::from(0xa076_1d64_78bd_642f_u64);
        state = (product >> 64) as u64 ^ product as u64;
    }
    let product = u128::from(state ^ 0x8ebc_6af0_9c88_c6e3) * u128::from(0x5899_65cc_7537_4cc3_u64);
    (product >> 64) as u64 ^ product as u64
}

#[cfg(test)]
mod tests;
