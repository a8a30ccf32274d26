//! Sketches of distinct values: each value is hashed once, and the hash goes into the sketch.

pub(crate) mod gate;
mod gated;
mod input_cache;

use std::fmt::Debug;

use arrow_array::Array;

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::input::{Groups, Input, NumberValues, Rows};
use crate::marks::{MAX_WORDS, Marks};
use crate::owned::States;
use crate::span::{Span, for_each_row};
use gate::Gate;
use gated::Gated;
use input_cache::InputCache;

/// Numbers of a list that are hashed before they go into a sketch.
const HASHED_TOGETHER: usize = 4_096;

/// Words of marks of several groups that stay in the processor's cache: beyond them a gate is quicker.
const MAX_GATED_WORDS: usize = 1 << 15;

/// A sketch that takes hashes, each any number of times.
pub(crate) trait HashSketch: Clone + Debug + Send + Sync + 'static {
    type State: Clone + Send + Sync + 'static;
    type Hash: Copy + Send + Sync + 'static;
    /// What is known of many states from hashes given to them before, so that those that change nothing are left out.
    type Gate: Gate<Self>;
    /// Whether keys may do for hashes.
    const ADDS_KEYS: bool = false;
    /// What the gate looks at of a hash; zero is no hash's.
    type Key: Copy + Default + Send + Sync;

    fn key(&self, hash: Self::Hash) -> Self::Key;

    /// Appends the keys of numbers.
    fn keys(&self, numbers: NumberValues<'_>, out: &mut Vec<Self::Key>) {
        match numbers {
            NumberValues::Longs(longs) => out.extend(longs.iter().map(|&long| self.key(self.hash_long(long)))),
            NumberValues::Doubles(doubles) => out.extend(doubles.iter().map(|&d| self.key(self.hash_double(d)))),
        }
    }

    /// What a gate looks at first of these keys, in half of their bits. `None` where it has to look at all of them.
    fn narrow(&self, _keys: &[Self::Key]) -> Option<Vec<u16>> {
        None
    }

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

    /// Adds numbers. The buffer is scratch.
    fn add_numbers(
        &self,
        state: &mut Self::State,
        numbers: NumberValues<'_>,
        buffer: &mut Vec<Self::Hash>,
    ) -> Result<()> {
        buffer.clear();
        match numbers {
            NumberValues::Longs(longs) => buffer.extend(longs.iter().map(|&long| self.hash_long(long))),
            NumberValues::Doubles(doubles) => buffer.extend(doubles.iter().map(|&double| self.hash_double(double))),
        }
        self.add_all(state, buffer)
    }

    /// Adds numbers by their codes, of which [narrow](HashSketch::narrow) and whole keys are known. False, and nothing was
    /// done, where keys do not tell all that the state has to know.
    fn add_coded(&self, _state: &mut Self::State, _codes: &[u32], _keys: (&[u16], &[Self::Key])) -> bool {
        false
    }

    fn merge(&self, state: &mut Self::State, other: &Self::State) -> Result<()>;
    fn state_bytes(&self, state: &Self::State) -> usize;
    fn encode(&self, state: &Self::State, out: &mut Vec<u8>) -> Result<()>;
    fn decode(&self, bytes: &[u8]) -> Result<Self::State>;
}

/// Feeds a [`HashSketch`] with every value of all its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Hashing<S>(pub S);

/// What is kept from vector to vector.
pub(crate) struct HashCaches<S: HashSketch> {
    inputs: Vec<InputCache<S>>,
    /// Whether codes may wait in marks until the fold settles.
    may_wait: bool,
    /// Hashes of a vector's rows.
    hashes: Vec<Option<S::Hash>>,
    codes: Vec<u32>,
    longs: Vec<i64>,
    doubles: Vec<f64>,
    /// Hashes on their way into one state.
    batch: Vec<S::Hash>,
    by_group: ByGroup<S::Hash>,
    gated: Gated<S>,
}

impl<S: HashSketch> Default for HashCaches<S> {
    fn default() -> Self {
        HashCaches {
            inputs: Vec::new(),
            may_wait: false,
            hashes: Vec::new(),
            codes: Vec::new(),
            longs: Vec::new(),
            doubles: Vec::new(),
            batch: Vec::new(),
            by_group: ByGroup::default(),
            gated: Gated::default(),
        }
    }
}

impl<S: HashSketch> Caches for HashCaches<S> {
    fn begin_segment(&mut self) {
        self.inputs.clear();
    }

    fn let_wait(&mut self) {
        self.may_wait = true;
    }

    fn memory_bytes(&self) -> usize {
        self.inputs.iter().map(InputCache::memory_bytes).sum::<usize>() + self.gated.memory_bytes()
    }
}

impl<S: HashSketch> OwnedAggregator for Hashing<S> {
    type State = S::State;
    type Caches = HashCaches<S>;

    const WANTS_CODES: bool = true;

    fn empty(&self) -> S::State {
        self.0.empty()
    }

    fn fold(
        &self,
        caches: &mut HashCaches<S>,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        caches.inputs.resize_with(inputs.len().max(caches.inputs.len()), InputCache::new);
        for (at, input) in inputs.iter().enumerate() {
            if caches.may_wait && self.keep(caches, at, span, input, states)? {
                continue;
            }
            if self.fold_numbers(caches, span, input, states)? {
                continue;
            }
            if !self.hash_rows(&mut caches.inputs[at], span, input, &mut caches.hashes) {
                self.fold_each(&mut caches.inputs[at], span, input, states)?;
                continue;
            }
            if let Groups::One = span.groups {
                self.fold_one(caches, span, states)?;
                continue;
            }
            let HashCaches { inputs: known, hashes, by_group, .. } = caches;
            let mut result = Ok(());
            let visited = by_group.visit(
                span,
                Rows::All,
                |row| hashes[row],
                |group, hashes| {
                    if result.is_ok() {
                        result =
                            states.update(group, |state| hashes.iter().try_for_each(|&hash| self.0.add(state, hash)));
                    }
                },
            );
            result?;
            if !visited {
                self.fold_each(&mut known[at], span, input, states)?;
            }
        }
        Ok(())
    }

    fn fold_values(
        &self,
        caches: &mut HashCaches<S>,
        group: usize,
        values: NumberValues<'_>,
        states: &mut States<'_, Self>,
    ) -> Result<bool> {
        let HashCaches { batch, .. } = caches;
        states.update(group, |state| match values {
            NumberValues::Longs(longs) => longs
                .chunks(HASHED_TOGETHER)
                .try_for_each(|longs| self.0.add_numbers(state, NumberValues::Longs(longs), batch)),
            NumberValues::Doubles(doubles) => doubles
                .chunks(HASHED_TOGETHER)
                .try_for_each(|doubles| self.0.add_numbers(state, NumberValues::Doubles(doubles), batch)),
        })?;
        Ok(true)
    }

    fn settle(&self, caches: &mut HashCaches<S>, inputs: &[Input<'_>], states: &mut States<'_, Self>) -> Result<()> {
        self.leave(caches, inputs, states)?;
        caches.gated.settle(self, states)
    }

    fn leave(&self, caches: &mut HashCaches<S>, inputs: &[Input<'_>], states: &mut States<'_, Self>) -> Result<()> {
        let num_inputs = caches.inputs.len().min(inputs.len());
        (0..num_inputs).try_for_each(|at| self.hand_over(caches, at, &inputs[at], states))
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
    /// Keeps the codes that the groups meet, or what may change the sketches of many, until there is much of it or all
    /// rows are read. False, and nothing was kept, of other rows.
    fn keep(
        &self,
        caches: &mut HashCaches<S>,
        at: usize,
        span: &Span<'_>,
        input: &Input<'_>,
        states: &mut States<'_, Self>,
    ) -> Result<bool> {
        if input.codes().is_some() && caches.inputs[at].marks.is_of_other(span.base) {
            self.hand_over(caches, at, input, states)?;
        }
        let HashCaches { inputs, gated, .. } = caches;
        if Self::mark(&mut inputs[at].marks, span, input) {
            return Ok(true);
        }
        if !gated.fold(self, &mut inputs[at], span, input, states)? {
            return Ok(false);
        }
        if gated.is_due(&inputs[at].marks) {
            let num_words = inputs[at].marks.num_words();
            self.hand_over(caches, at, input, states)?;
            caches.inputs[at].marks.pay(num_words);
        }
        Ok(true)
    }

    /// Marks the codes that the groups meet, to be hashed once each when all rows are read. False if the input
    /// has no codes or too few rows for its many.
    fn mark(marks: &mut Marks, span: &Span<'_>, input: &Input<'_>) -> bool {
        let Some((codes, num_codes)) = input.codes() else { return false };
        let (groups, rows) = (span.local_groups(), span.local_rows());
        let num_rows = rows.count(span.num_rows());
        let is_gated = S::Gate::IS_ANY && !matches!(groups, Groups::One);
        let max_words = if is_gated { MAX_GATED_WORDS } else { MAX_WORDS };
        let has_room = marks.reserve(span.base, groups, num_codes, num_rows, max_words);
        // There may be more words than are asked for: of rows that passed the gate.
        if !has_room || is_gated && marks.num_words() > MAX_GATED_WORDS {
            return false;
        }
        let Input::Texts { offsets, .. } = input else {
            marks.mark(groups, codes.slice(span.start, span.end), rows);
            return true;
        };
        for_each_row(span.num_rows(), rows, |row| {
            let places = offsets[span.start + row] as usize..offsets[span.start + row + 1] as usize;
            places.for_each(|place| marks.mark_one(groups.get(row), codes.get(place)));
        });
        true
    }

    /// Hashes the codes that wait, into the states of their groups.
    fn hand_over(
        &self,
        caches: &mut HashCaches<S>,
        at: usize,
        input: &Input<'_>,
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let HashCaches { inputs, codes, longs, doubles, batch, gated, .. } = caches;
        let cache = &mut inputs[at];
        let mut marks = std::mem::take(&mut cache.marks);
        let result = marks.drain(|group, met| {
            states.update(group, |state| {
                met.for_each_batch(codes, |codes| {
                    if let (true, Input::Numbers { values, .. }) = (S::ADDS_KEYS, input)
                        && cache.knows_keys(&self.0, *values, codes.len())
                        && self.0.add_coded(state, codes, (&cache.narrow, &cache.keys))
                    {
                        return Ok(());
                    }
                    let numbers = match input {
                        Input::Numbers { values: NumberValues::Longs(values), .. } => {
                            longs.clear();
                            longs.extend(codes.iter().map(|&code| values[code as usize]));
                            NumberValues::Longs(longs)
                        }
                        Input::Numbers { values: NumberValues::Doubles(values), .. } => {
                            doubles.clear();
                            doubles.extend(codes.iter().map(|&code| values[code as usize]));
                            NumberValues::Doubles(doubles)
                        }
                        _ => {
                            batch.clear();
                            self.hash_texts(cache, input, codes, batch);
                            return self.0.add_all(state, batch);
                        }
                    };
                    self.0.add_numbers(state, numbers, batch)
                })?;
                gated.learn(self, group, state);
                Ok(())
            })
        });
        cache.marks = marks;
        result
    }

    /// Appends the hashes of codes of texts. Numbers are hashed anew for each group: that is quicker than to look it
    /// up.
    fn hash_texts(&self, cache: &mut InputCache<S>, input: &Input<'_>, codes: &[u32], out: &mut Vec<S::Hash>) {
        match input {
            Input::Text { dictionary, .. } | Input::Texts { dictionary, .. } => {
                let hash = |text: &str| self.0.hash_text(text);
                out.extend(codes.iter().filter_map(|&code| cache.hash(code, *dictionary, hash)));
            }
            _ => {}
        }
    }

    /// Folds the rows of a span of one group whose numbers all count. False, and nothing was done, of others.
    fn fold_numbers(
        &self,
        caches: &mut HashCaches<S>,
        span: &Span<'_>,
        input: &Input<'_>,
        states: &mut States<'_, Self>,
    ) -> Result<bool> {
        let HashCaches { batch, longs, .. } = caches;
        let (Groups::One, Input::Long(all)) = (span.groups, input) else { return Ok(false) };
        if all.null_count() > 0 {
            return Ok(false);
        }
        let all = &all.values()[span.start..span.end];
        let numbers = match span.local_rows() {
            Rows::All => all,
            rows => {
                longs.clear();
                for_each_row(all.len(), rows, |row| longs.push(all[row]));
                longs.as_slice()
            }
        };
        if numbers.is_empty() {
            return Ok(true);
        }
        let numbers = NumberValues::Longs(numbers);
        states.update(span.base, |state| self.0.add_numbers(state, numbers, batch))?;
        Ok(true)
    }

    /// Folds the hashes of a span's rows into its one group.
    fn fold_one(&self, caches: &mut HashCaches<S>, span: &Span<'_>, states: &mut States<'_, Self>) -> Result<()> {
        let HashCaches { hashes, batch, .. } = caches;
        batch.clear();
        batch.extend(hashes.iter().flatten());
        if batch.is_empty() {
            return Ok(());
        }
        states.update(span.base, |state| self.0.add_all(state, batch))
    }

    /// The hash of each row of the span, `None` for nulls and for rows that do not count. False for inputs
    /// of several values a row.
    fn hash_rows(
        &self,
        cache: &mut InputCache<S>,
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
            Input::Texts { .. } | Input::Packed(_) | Input::State(_) | Input::Absent => return false,
            _ => put(&mut |at| self.hash_at(cache, input, at)),
        }
        true
    }

    /// The hash of a row of one value.
    #[inline(always)]
    fn hash_at(&self, cache: &mut InputCache<S>, input: &Input<'_>, at: usize) -> Option<S::Hash> {
        match input {
            Input::Long(longs) => longs.is_valid(at).then(|| self.0.hash_long(longs.value(at))),
            Input::Double(doubles) => doubles.is_valid(at).then(|| self.0.hash_double(doubles.value(at))),
            Input::Float(floats) => floats.is_valid(at).then(|| self.0.hash_float(floats.value(at))),
            Input::Numbers { codes, values } => Some(match values {
                NumberValues::Longs(values) => self.0.hash_long(values[codes.get(at) as usize]),
                NumberValues::Doubles(values) => self.0.hash_double(values[codes.get(at) as usize]),
            }),
            Input::Text { codes, dictionary } => cache.hash(codes.get(at), *dictionary, |text| self.0.hash_text(text)),
            Input::Texts { .. } | Input::Packed(_) | Input::State(_) | Input::Absent => None,
        }
    }

    /// Folds row by row.
    fn fold_each(
        &self,
        cache: &mut InputCache<S>,
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
            if let Input::Texts { offsets, codes, dictionary } = input {
                for place in offsets[at] as usize..offsets[at + 1] as usize {
                    add(row, cache.hash(codes.get(place), *dictionary, |text| self.0.hash_text(text)));
                }
            } else {
                add(row, self.hash_at(cache, input, at));
            }
        });
        result
    }
}
