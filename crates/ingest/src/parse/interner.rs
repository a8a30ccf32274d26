//! Strings to codes: an append-only dictionary in insertion order that outlives batches.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

use super::json::Text;
use super::short::{self, Short, Words};

/// The code of null in every interner.
pub const NULL_CODE: u32 = 0;

/// Entries and bytes after which an interner starts anew between two batches.
const MAX_ENTRIES: usize = 4 << 20;
const MAX_BYTES: usize = 256 << 20;

/// The bytes are not UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUtf8;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// An append-only dictionary. Code 0 is null. While [`Interner::id`] is the same, a code keeps its
/// meaning, so a reader may keep a table from these codes to its own.
#[derive(Debug)]
pub struct Interner {
    id: u64,
    bytes: String,
    ends: Vec<usize>,
    /// By code: the words of short texts, zeros for longer ones.
    words: Vec<Words>,
    /// Slots of `(tag, code)`; code 0 marks a free slot.
    slots: Vec<(u32, u32)>,
    hasher: foldhash::fast::FixedState,
}

impl Default for Interner {
    fn default() -> Interner {
        Interner::new()
    }
}

impl Interner {
    /// An interner that holds null alone.
    pub fn new() -> Interner {
        Interner {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            bytes: String::new(),
            ends: vec![0],
            words: vec![Words::default()],
            slots: vec![(0, 0); 64],
            hasher: foldhash::fast::FixedState::with_seed(0x0d01_3e4e),
        }
    }

    /// Changes when codes change their meaning, never otherwise; unique in the process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Entries, null included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds nothing but null.
    pub fn is_empty(&self) -> bool {
        self.ends.len() <= 1
    }

    /// The value of a code; `None` for null and for codes never given.
    pub fn get(&self, code: u32) -> Option<&str> {
        let code = code as usize;
        if code == 0 {
            return None;
        }
        let end = *self.ends.get(code)?;
        self.bytes.get(self.ends[code - 1]..end)
    }

    /// Memory held, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 8 + self.words.capacity() * 32 + self.slots.capacity() * 8
    }

    /// The code of a text.
    pub fn intern(&mut self, text: &str) -> u32 {
        match self.probe(text.as_bytes()) {
            Ok(code) => code,
            Err(vacancy) => self.insert(text, words(text), vacancy),
        }
    }

    /// The code of bytes that should be UTF-8; they are checked only when they are new.
    pub fn intern_bytes(&mut self, bytes: &[u8]) -> Result<u32, NotUtf8> {
        match self.probe(bytes) {
            Ok(code) => Ok(code),
            Err(vacancy) => {
                let text = std::str::from_utf8(bytes).map_err(|_| NotUtf8)?;
                Ok(self.insert(text, words(text), vacancy))
            }
        }
    }

    /// The same for a short text.
    #[inline(always)]
    pub(crate) fn intern_short(&mut self, text: &Short) -> Result<u32, NotUtf8> {
        match self.probe_short(text) {
            Ok(code) => Ok(code),
            Err(vacancy) => self.insert_short(text, vacancy),
        }
    }

    #[cold]
    fn insert_short(&mut self, short: &Short, vacancy: (usize, u32)) -> Result<u32, NotUtf8> {
        let bytes = short.padded();
        let text = std::str::from_utf8(&bytes[..short.len()]).map_err(|_| NotUtf8)?;
        Ok(self.insert(text, short.words(), vacancy))
    }

    /// The code of a text that may be there already.
    pub fn code_of(&self, text: &str) -> Option<u32> {
        self.probe(text.as_bytes()).ok()
    }

    /// The code of a text of JSON, when it is there.
    #[inline]
    pub(crate) fn find(&self, text: &Text<'_>) -> Option<u32> {
        match &text.short {
            Some(short) => self.probe_short(short).ok(),
            None => self.probe(text.bytes).ok(),
        }
    }

    /// Forgets everything when it has grown past its limits; to be called between batches.
    pub fn renew_if_large(&mut self) {
        if self.ends.len() > MAX_ENTRIES || self.bytes.len() > MAX_BYTES {
            *self = Interner::new();
        }
    }

    /// The code of a text, or where it would go.
    fn probe(&self, bytes: &[u8]) -> Result<u32, (usize, u32)> {
        match Short::of(bytes) {
            Some(short) => self.probe_short(&short),
            None => {
                let hash = self.hasher.hash_one(bytes);
                self.look(tag(hash, LONG), |code| self.bytes_of(code) == bytes)
            }
        }
    }

    #[inline(always)]
    fn probe_short(&self, text: &Short) -> Result<u32, (usize, u32)> {
        let words = text.words();
        let hash = short::hash(words);
        self.look(tag(hash, text.len()), |code| self.words[code as usize] == words)
    }

    #[inline(always)]
    fn look(&self, tag: u32, is_it: impl Fn(u32) -> bool) -> Result<u32, (usize, u32)> {
        let mask = self.slots.len() - 1;
        let mut at = place(tag) & mask;
        loop {
            let (slot_tag, code) = self.slots[at];
            if code == 0 {
                return Err((at, tag));
            }
            if slot_tag == tag && is_it(code) {
                return Ok(code);
            }
            at = (at + 1) & mask;
        }
    }

    #[inline]
    fn bytes_of(&self, code: u32) -> &[u8] {
        let code = code as usize;
        &self.bytes.as_bytes()[self.ends[code - 1]..self.ends[code]]
    }

    #[cold]
    fn insert(&mut self, text: &str, words: Words, (at, tag): (usize, u32)) -> u32 {
        let code = self.ends.len() as u32;
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
        self.words.push(words);
        self.slots[at] = (tag, code);
        if self.ends.len() * 2 > self.slots.len() {
            self.grow();
        }
        code
    }

    /// Twice the slots. Both halves of the new ones are filled in order, without a look at any text.
    fn grow(&mut self) {
        let mask = self.slots.len() * 2 - 1;
        let mut slots = vec![(0u32, 0u32); mask + 1];
        for &(tag, code) in self.slots.iter().filter(|(_, code)| *code != 0) {
            let mut at = place(tag) & mask;
            while slots[at].1 != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = (tag, code);
        }
        self.slots = slots;
    }
}

/// The words of a short text, zeros for a longer one.
fn words(text: &str) -> Words {
    Short::of(text.as_bytes()).map_or_else(Words::default, |short| short.words())
}

/// The length in the tag of a text that is not short.
const LONG: usize = 63;

/// What a slot tells of its text: bits of its hash, and its length.
#[inline(always)]
fn tag(hash: u64, len: usize) -> u32 {
    (hash >> 32) as u32 & !(LONG as u32) | len as u32
}

/// Where the slot of a tag is looked for first.
#[inline(always)]
fn place(tag: u32) -> usize {
    (tag >> LONG.count_ones()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_keep_their_codes() {
        let mut interner = Interner::new();
        let texts: Vec<String> = (0..5_000).map(|n| format!("{}{n}", "\0x".repeat(n % 14))).collect();
        let codes: Vec<u32> = texts.iter().map(|text| interner.intern(text)).collect();
        assert!(codes.is_sorted_by(|a, b| a < b));
        for (text, &code) in texts.iter().zip(&codes) {
            assert_eq!((interner.get(code), interner.code_of(text)), (Some(text.as_str()), Some(code)));
            assert_eq!(interner.intern_bytes(text.as_bytes()), Ok(code));
            if let Some(short) = Short::of(text.as_bytes()) {
                assert_eq!(interner.intern_short(&short), Ok(code));
            }
        }
        let of_zeros: Vec<u32> = ["", "\0", "\0\0"].iter().map(|text| interner.intern(text)).collect();
        assert_eq!(of_zeros, [5_001, 5_002, 5_003]);
        let bad = [b'a', 0xff];
        assert_eq!(interner.intern_bytes(&bad), Err(NotUtf8));
        assert_eq!(Short::of(&bad).map(|short| interner.intern_short(&short)), Some(Err(NotUtf8)));
        assert_eq!(interner.len(), 5_004);
    }
}
