//! What is known of the values of one input.

use super::HashSketch;
use crate::input::{Dictionary, NumberValues};
use crate::marks::Marks;

/// Rows met for each number, from which on the keys of all are kept.
const MIN_ROWS_PER_VALUE: usize = 4;

/// Of one input: hashes of dictionary entries, made when first met, and the codes that wait.
pub(super) struct InputCache<S: HashSketch> {
    hashes: Vec<Entry<S::Hash>>,
    pub marks: Marks,
    /// Of numbers that are fed as codes: the keys of all of them, once as many rows were met.
    pub keys: Vec<S::Key>,
    /// These keys for a first look, where the sketch has such.
    pub narrow: Vec<u16>,
    num_rows: usize,
}

#[derive(Clone, Copy)]
enum Entry<H> {
    Unknown,
    Nothing,
    Hash(H),
}

impl<S: HashSketch> InputCache<S> {
    pub fn new() -> Self {
        InputCache { hashes: Vec::new(), marks: Marks::default(), keys: Vec::new(), narrow: Vec::new(), num_rows: 0 }
    }

    /// The hash of an entry.
    #[inline]
    pub fn hash(
        &mut self,
        code: u32,
        dictionary: &dyn Dictionary,
        hash: impl Fn(&str) -> Option<S::Hash>,
    ) -> Option<S::Hash> {
        let at = code as usize;
        if at >= self.hashes.len() {
            self.hashes.resize(dictionary.len().max(at + 1), Entry::Unknown);
        }
        if let Entry::Unknown = self.hashes[at] {
            self.hashes[at] = dictionary.get(code).and_then(hash).map_or(Entry::Nothing, Entry::Hash);
        }
        match self.hashes[at] {
            Entry::Hash(hash) => Some(hash),
            Entry::Unknown | Entry::Nothing => None,
        }
    }

    /// More rows are met. Whether the keys of all numbers are known from now on.
    pub fn knows_keys(&mut self, sketch: &S, values: NumberValues<'_>, num_rows: usize) -> bool {
        self.num_rows = self.num_rows.saturating_add(num_rows);
        if self.keys.is_empty() && self.num_rows > values.len() / MIN_ROWS_PER_VALUE {
            self.keys.reserve_exact(values.len());
            sketch.keys(values, &mut self.keys);
            self.narrow = sketch.narrow(&self.keys).unwrap_or_default();
        }
        !self.keys.is_empty()
    }

    pub fn memory_bytes(&self) -> usize {
        let keys = self.keys.capacity() * size_of::<S::Key>() + self.narrow.capacity() * size_of::<u16>();
        self.hashes.capacity() * size_of::<Entry<S::Hash>>() + self.marks.memory_bytes() + keys
    }
}
