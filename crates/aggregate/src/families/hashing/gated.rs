//! Rows of many groups through a gate: keys of a part of a vector side by side, then the rows that pass, by group.

use std::ops::Range;

use super::gate::Gate;
use super::{HashSketch, Hashing, InputCache};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::input::{Codes, Groups, Input, NumberValues, Rows};
use crate::listed::{LISTED_TOGETHER, list};
use crate::owned::States;
use crate::span::Span;

/// Groups of which something is known.
const MAX_GROUPS: usize = 1 << 20;
/// Rows whose keys are looked at together. A multiple of 64.
const ROWS_TOGETHER: usize = 1_024;
/// Rows met for each number, from which on the keys of all are kept.
const MIN_ROWS_PER_VALUE: usize = 4;

/// Scratch and what the gate knows.
pub(super) struct Gated<S: HashSketch> {
    gate: S::Gate,
    rows: Vec<u32>,
    groups: Vec<u32>,
    keys: Vec<S::Key>,
    codes: Vec<u32>,
    longs: Vec<i64>,
    doubles: Vec<f64>,
    passed: Vec<u32>,
    hashes: Vec<S::Hash>,
    /// Group and row of those that passed.
    all_passed: Vec<(u32, u32)>,
    by_group: ByGroup<u32>,
}

impl<S: HashSketch> Default for Gated<S> {
    fn default() -> Self {
        Gated {
            gate: S::Gate::default(),
            rows: Vec::new(),
            groups: Vec::new(),
            keys: Vec::new(),
            codes: Vec::new(),
            longs: Vec::new(),
            doubles: Vec::new(),
            passed: Vec::new(),
            hashes: Vec::new(),
            all_passed: Vec::new(),
            by_group: ByGroup::default(),
        }
    }
}

impl<S: HashSketch> Gated<S> {
    pub fn memory_bytes(&self) -> usize {
        self.gate.memory_bytes()
    }

    pub fn settle(&mut self, states: &mut States<'_, Hashing<S>>) -> Result<()> {
        self.gate.settle(states)
    }

    /// Folds rows of many groups. False, and nothing was done, for one group, for more than are kept track of and for
    /// inputs of several values a row.
    pub fn fold(
        &mut self,
        sketch: &Hashing<S>,
        cache: &mut InputCache<S>,
        span: &Span<'_>,
        input: &Input<'_>,
        states: &mut States<'_, Hashing<S>>,
    ) -> Result<bool> {
        let is_single = !matches!(input, Input::Texts { .. } | Input::Packed(_) | Input::State(_) | Input::Absent);
        if !S::Gate::IS_ANY || !is_single || matches!(span.groups, Groups::One) {
            return Ok(false);
        }
        let num_groups = span.base + span.local_groups().bound();
        if num_groups > MAX_GROUPS {
            return Ok(false);
        }
        self.gate.grow(num_groups);
        self.all_passed.clear();
        for start in (span.start..span.end).step_by(ROWS_TOGETHER) {
            let part = start..span.end.min(start + ROWS_TOGETHER);
            self.groups.clear();
            self.keys.clear();
            match span.rows {
                Rows::All => {
                    self.read_groups(span, part.clone());
                    self.pass(sketch, cache, input, part.clone());
                }
                Rows::Mask(words) => {
                    self.pick(words, part.clone());
                    let rows = std::mem::take(&mut self.rows);
                    self.read_groups(span, rows.iter().map(|row| *row as usize));
                    self.pass(sketch, cache, input, rows.iter().map(|row| *row as usize));
                    self.rows = rows;
                }
            }
            let Gated { passed, all_passed, groups, rows, .. } = self;
            let row = |at: u32| if let Rows::All = span.rows { part.start as u32 + at } else { rows[at as usize] };
            all_passed.extend(passed.iter().map(|at| (groups[*at as usize], row(*at))));
        }
        self.add(sketch, cache, input, states)?;
        Ok(true)
    }

    /// Lists the rows of a part of the vector that count.
    fn pick(&mut self, words: &[u64], part: Range<usize>) {
        let words = &words[part.start / 64..part.end.div_ceil(64)];
        self.rows.resize(words.len() * 64 + LISTED_TOGETHER, 0);
        let num_rows = list(part.start as u32, words, &mut self.rows);
        self.rows.truncate(num_rows);
    }

    fn read_groups(&mut self, span: &Span<'_>, rows: impl ExactSizeIterator<Item = usize>) {
        let base = span.base as u32;
        match span.groups {
            Groups::One => self.groups.resize(rows.len(), base),
            Groups::U8(ids) => self.groups.extend(rows.map(|row| base + u32::from(ids[row]))),
            Groups::U16(ids) => self.groups.extend(rows.map(|row| base + u32::from(ids[row]))),
            Groups::U32(ids) => self.groups.extend(rows.map(|row| base + ids[row])),
        }
    }

    /// Lists the rows that pass, whose groups were read.
    fn pass(
        &mut self,
        sketch: &Hashing<S>,
        cache: &mut InputCache<S>,
        input: &Input<'_>,
        rows: impl ExactSizeIterator<Item = usize>,
    ) {
        self.passed.clear();
        if let (Input::Numbers { codes, .. }, false) = (input, cache.narrow.is_empty()) {
            self.codes.clear();
            match codes {
                Codes::U8(codes) => self.codes.extend(rows.map(|row| u32::from(codes[row]))),
                Codes::U16(codes) => self.codes.extend(rows.map(|row| u32::from(codes[row]))),
                Codes::U32(codes) => self.codes.extend(rows.map(|row| codes[row])),
            }
            let keys = (cache.narrow.as_slice(), cache.keys.as_slice());
            return self.gate.pass_coded(&self.groups, &self.codes, keys, &mut self.passed);
        }
        self.read_keys(sketch, cache, input, rows);
        self.gate.pass(&self.groups, &self.keys, &mut self.passed);
    }

    fn read_keys(
        &mut self,
        sketch: &Hashing<S>,
        cache: &mut InputCache<S>,
        input: &Input<'_>,
        rows: impl ExactSizeIterator<Item = usize>,
    ) {
        let Input::Numbers { codes, values } = input else {
            let key = |hash: Option<S::Hash>| hash.map_or_else(S::Key::default, |hash| sketch.0.key(hash));
            return self.keys.extend(rows.map(|row| key(sketch.hash_at(cache, input, row))));
        };
        let sketch = &sketch.0;
        cache.num_rows = cache.num_rows.saturating_add(rows.len());
        if cache.keys.is_empty() && cache.num_rows > values.len() / MIN_ROWS_PER_VALUE {
            cache.keys.reserve_exact(values.len());
            sketch.keys(*values, &mut cache.keys);
            cache.narrow = sketch.narrow(&cache.keys).unwrap_or_default();
        }
        if !cache.keys.is_empty() {
            let known = &cache.keys;
            return match codes {
                Codes::U8(codes) => self.keys.extend(rows.map(|row| known[usize::from(codes[row])])),
                Codes::U16(codes) => self.keys.extend(rows.map(|row| known[usize::from(codes[row])])),
                Codes::U32(codes) => self.keys.extend(rows.map(|row| known[codes[row] as usize])),
            };
        }
        match values {
            NumberValues::Longs(values) => {
                self.longs.clear();
                self.longs.extend(rows.map(|row| values[codes.get(row) as usize]));
                sketch.keys(NumberValues::Longs(&self.longs), &mut self.keys);
            }
            NumberValues::Doubles(values) => {
                self.doubles.clear();
                self.doubles.extend(rows.map(|row| values[codes.get(row) as usize]));
                sketch.keys(NumberValues::Doubles(&self.doubles), &mut self.keys);
            }
        }
    }

    /// Gives the rows that passed to the sketches of their groups.
    fn add(
        &mut self,
        sketch: &Hashing<S>,
        cache: &mut InputCache<S>,
        input: &Input<'_>,
        states: &mut States<'_, Hashing<S>>,
    ) -> Result<()> {
        let Gated { gate, all_passed, by_group, hashes, .. } = self;
        let mut result = Ok(());
        let mut add = |group: usize, rows: &mut dyn Iterator<Item = u32>| {
            if result.is_err() {
                return;
            }
            hashes.clear();
            hashes.extend(rows.filter_map(|row| sketch.hash_at(cache, input, row as usize)));
            result = states.update(group, |state| {
                hashes.iter().try_for_each(|&hash| sketch.0.add(state, hash))?;
                gate.learn(&sketch.0, group, hashes.len(), state);
                Ok(())
            });
        };
        let num = all_passed.len();
        let done = by_group.visit_list(
            num,
            |at| all_passed[at].0 as usize,
            |at| all_passed[at].1,
            |group, rows| {
                add(group, &mut rows.iter().copied());
            },
        );
        if !done {
            all_passed.sort_by_key(|(group, _)| *group);
            all_passed.chunk_by(|(group, _), (next, _)| group == next).for_each(|rows| {
                add(rows[0].0 as usize, &mut rows.iter().map(|(_, row)| *row));
            });
        }
        result
    }
}
