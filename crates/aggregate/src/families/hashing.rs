//! Sketches of distinct values: each value is hashed once, and the hash goes into the sketch.

use std::fmt::Debug;

use arrow_array::Array;

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::input::{Codes, Dictionary, Groups, Input, Rows};
use crate::owned::States;
use crate::span::{Span, for_each_row};

/// A sketch that takes hashes, each any number of times.
pub(crate) trait HashSketch: Clone + Debug + Send + Sync + 'static {
    type State: Clone + Send + Sync + 'static;
    type Hash: Copy + Send + Sync + 'static;

    /// `None` if the value adds nothing.
    fn hash_text(&self, text: &str) -> Option<Self::Hash>;
    fn hash_long(&self, value: i64) -> Self::Hash;
    fn hash_double(&self, value: f64) -> Self::Hash;
    fn hash_float(&self, value: f32) -> Self::Hash;

    fn empty(&self) -> Self::State;
    fn add(&self, state: &mut Self::State, hash: Self::Hash) -> Result<()>;

    fn add_all(&self, state: &mut Self::State, hashes: &[Self::Hash]) -> Result<()> {
        hashes.iter().try_for_each(|&hash| self.add(state, hash))
    }

    fn merge(&self, state: &mut Self::State, other: &Self::State) -> Result<()>;
    fn state_bytes(&self, state: &Self::State) -> usize;
    fn encode(&self, state: &Self::State, out: &mut Vec<u8>) -> Result<()>;
    fn decode(&self, bytes: &[u8]) -> Result<Self::State>;
}

/// Feeds a [`HashSketch`] with every value of all its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Hashing<S>(pub S);

/// For each input, the hashes of its dictionary's entries.
pub(crate) struct HashCaches<H> {
    inputs: Vec<HashCache<H>>,
    /// Hashes of a vector's rows.
    hashes: Vec<Option<H>>,
    by_group: ByGroup<H>,
}

/// Hashes of dictionary entries, made when first met.
struct HashCache<H> {
    hashes: Vec<Entry<H>>,
    /// Codes already in the sketch of `seen_group`, while that is the only group folded into.
    seen: Vec<u64>,
    seen_group: Option<usize>,
}

#[derive(Clone, Copy)]
enum Entry<H> {
    Unknown,
    Nothing,
    Hash(H),
}

impl<H> Default for HashCaches<H> {
    fn default() -> Self {
        HashCaches { inputs: Vec::new(), hashes: Vec::new(), by_group: ByGroup::default() }
    }
}

impl<H: Copy + Send + Sync> Caches for HashCaches<H> {
    fn begin_segment(&mut self) {
        self.inputs.clear();
    }

    fn memory_bytes(&self) -> usize {
        let bytes = |cache: &HashCache<H>| cache.hashes.capacity() * size_of::<Entry<H>>() + cache.seen.capacity() * 8;
        self.inputs.iter().map(bytes).sum()
    }
}

impl<H: Copy> HashCache<H> {
    fn new() -> HashCache<H> {
        HashCache { hashes: Vec::new(), seen: Vec::new(), seen_group: None }
    }

    /// The hash of an entry.
    #[inline]
    fn hash(&mut self, code: u32, dictionary: &dyn Dictionary, hash: impl Fn(&str) -> Option<H>) -> Option<H> {
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

    /// Starts marking codes for a group; what was marked for another is forgotten.
    fn mark_for(&mut self, group: usize, num_codes: usize) {
        if self.seen_group != Some(group) {
            self.seen.clear();
            self.seen_group = Some(group);
        }
        self.seen.resize(num_codes.div_ceil(64).max(self.seen.len()), 0);
    }

    /// Marks a code; whether it was new.
    #[inline(always)]
    fn mark(&mut self, code: u32) -> bool {
        let Some(word) = self.seen.get_mut(code as usize / 64) else { return true };
        let bit = 1 << (code % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

impl<S: HashSketch> OwnedAggregator for Hashing<S> {
    type State = S::State;
    type Caches = HashCaches<S::Hash>;

    fn empty(&self) -> S::State {
        self.0.empty()
    }

    fn fold(
        &self,
        caches: &mut HashCaches<S::Hash>,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let HashCaches { inputs: known, hashes, by_group } = caches;
        known.resize_with(inputs.len().max(known.len()), HashCache::new);
        for (cache, input) in known.iter_mut().zip(inputs) {
            match (input, span.groups) {
                (Input::Text { codes, dictionary }, Groups::One) => {
                    self.fold_distinct(cache, span, *codes, None, *dictionary, states)?;
                }
                (Input::Texts { offsets, codes, dictionary }, Groups::One) => {
                    self.fold_distinct(cache, span, *codes, Some(offsets), *dictionary, states)?;
                }
                _ => {
                    cache.seen_group = None;
                    if !self.hash_rows(cache, span, input, hashes) {
                        self.fold_each(cache, span, input, states)?;
                        continue;
                    }
                    let mut result = Ok(());
                    let visited = by_group.visit(
                        span,
                        Rows::All,
                        |row| hashes[row],
                        |group, hashes| {
                            if result.is_ok() {
                                result = states.update(group, |state| self.0.add_all(state, hashes));
                            }
                        },
                    );
                    result?;
                    if !visited {
                        self.fold_each(cache, span, input, states)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn merge(&self, state: &mut S::State, other: &S::State) -> Result<()> {
        self.0.merge(state, other)
    }

    fn state_bytes(&self, state: &S::State) -> usize {
        self.0.state_bytes(state)
    }

    fn encode(&self, state: &S::State, out: &mut Vec<u8>) -> Result<()> {
        self.0.encode(state, out)
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<S::State>> {
        self.0.decode(bytes).map(Some)
    }
}

impl<S: HashSketch> Hashing<S> {
    /// Folds texts into one group: of each code only the first is hashed and added.
    fn fold_distinct(
        &self,
        cache: &mut HashCache<S::Hash>,
        span: &Span<'_>,
        codes: Codes<'_>,
        offsets: Option<&[i32]>,
        dictionary: &dyn Dictionary,
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        cache.mark_for(span.base, dictionary.len());
        let mut fresh = Vec::new();
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            let row = span.start + row;
            let places = match offsets {
                None => row..row + 1,
                Some(offsets) => offsets[row] as usize..offsets[row + 1] as usize,
            };
            for code in places.map(|at| codes.get(at)) {
                if cache.mark(code) {
                    fresh.push(code);
                }
            }
        });
        if fresh.is_empty() {
            return Ok(());
        }
        states.update(span.base, |state| {
            for code in fresh {
                if let Some(hash) = cache.hash(code, dictionary, |text| self.0.hash_text(text)) {
                    self.0.add(state, hash)?;
                }
            }
            Ok(())
        })
    }

    /// The hash of each row of the span, `None` for nulls and for rows that do not count. False for inputs
    /// of several values a row.
    fn hash_rows(
        &self,
        cache: &mut HashCache<S::Hash>,
        span: &Span<'_>,
        input: &Input<'_>,
        hashes: &mut Vec<Option<S::Hash>>,
    ) -> bool {
        hashes.clear();
        hashes.resize(span.num_rows(), None);
        let mut put = |value: &mut dyn FnMut(usize) -> Option<S::Hash>| {
            for_each_row(span.num_rows(), span.local_rows(), |row| hashes[row] = value(span.start + row));
        };
        match input {
            Input::Long(longs) if longs.null_count() == 0 && matches!(span.rows, Rows::All) => {
                let values = &longs.values()[span.start..span.end];
                hashes.iter_mut().zip(values).for_each(|(hash, &value)| *hash = Some(self.0.hash_long(value)));
            }
            Input::Long(longs) => put(&mut |at| longs.is_valid(at).then(|| self.0.hash_long(longs.value(at)))),
            Input::Double(array) => put(&mut |at| array.is_valid(at).then(|| self.0.hash_double(array.value(at)))),
            Input::Float(array) => put(&mut |at| array.is_valid(at).then(|| self.0.hash_float(array.value(at)))),
            Input::Text { codes, dictionary } => {
                put(&mut |at| cache.hash(codes.get(at), *dictionary, |text| self.0.hash_text(text)));
            }
            Input::Texts { .. } | Input::State(_) | Input::Absent => return false,
        }
        true
    }

    /// Folds row by row.
    fn fold_each(
        &self,
        cache: &mut HashCache<S::Hash>,
        span: &Span<'_>,
        input: &Input<'_>,
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let groups = span.local_groups();
        let mut result = Ok(());
        let mut add = |row: usize, hash: Option<S::Hash>| {
            if let (Some(hash), Ok(())) = (hash, &result) {
                result = states.update(span.base + groups.get(row), |state| self.0.add(state, hash));
            }
        };
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            let at = span.start + row;
            match input {
                Input::Long(column) if column.is_valid(at) => add(row, Some(self.0.hash_long(column.value(at)))),
                Input::Double(column) if column.is_valid(at) => add(row, Some(self.0.hash_double(column.value(at)))),
                Input::Float(column) if column.is_valid(at) => add(row, Some(self.0.hash_float(column.value(at)))),
                Input::Text { codes, dictionary } => {
                    add(row, cache.hash(codes.get(at), *dictionary, |text| self.0.hash_text(text)));
                }
                Input::Texts { offsets, codes, dictionary } => {
                    for place in offsets[at] as usize..offsets[at + 1] as usize {
                        add(row, cache.hash(codes.get(place), *dictionary, |text| self.0.hash_text(text)));
                    }
                }
                Input::Long(_) | Input::Double(_) | Input::Float(_) | Input::State(_) | Input::Absent => {}
            }
        });
        result
    }
}
