//! Rows of many groups through a gate: keys of a part of a vector side by side, then the rows that pass, by group.

use std::ops::Range;

use arrow_array::Array;

use super::gate::Gate;
use super::{HashSketch, Hashing, InputCache};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::input::{Codes, Groups, Input, NumberValues, Rows};
use crate::listed::{LISTED_TOGETHER, list};
use crate::marks::{MAX_WORDS, Marks};
use crate::owned::States;
use crate::span::Span;

/// Groups of which something is known.
const MAX_GROUPS: usize = 1 << 20;
/// Rows whose keys are looked at together. A multiple of 64.
const ROWS_TOGETHER: usize = 1_024;
/// Hashes that are given to the sketches together.
const MIN_WAITING: usize = 1 << 13;

/// Scratch and what the gate knows.
pub(super) struct Gated<S: HashSketch> {
    gate: S::Gate,
    /// Rows whose codes were marked since marks were last due.
    num_marked: usize,
    rows: Vec<u32>,
    groups: Vec<u32>,
    keys: Vec<S::Key>,
    codes: Vec<u32>,
    longs: Vec<i64>,
    doubles: Vec<f64>,
    passed: Vec<u32>,
    /// What passed, of the group of each: given to the sketches when there is much of it.
    waiting: Vec<(u32, S::Hash)>,
    by_group: ByGroup<S::Hash>,
}

impl<S: HashSketch> Default for Gated<S> {
    fn default() -> Self {
        Gated {
            gate: S::Gate::default(),
            num_marked: 0,
            rows: Vec::new(),
            groups: Vec::new(),
            keys: Vec::new(),
            codes: Vec::new(),
            longs: Vec::new(),
            doubles: Vec::new(),
            passed: Vec::new(),
            waiting: Vec::new(),
            by_group: ByGroup::default(),
        }
    }
}

impl<S: HashSketch> Gated<S> {
    pub fn memory_bytes(&self) -> usize {
        let waiting = self.waiting.capacity() * size_of::<(u32, S::Hash)>();
        self.gate.memory_bytes() + waiting + self.by_group.memory_bytes()
    }

    pub fn settle(&mut self, sketch: &Hashing<S>, states: &mut States<'_, Hashing<S>>) -> Result<()> {
        self.add(sketch, states)?;
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
        let codes = Self::codes_to_mark(&mut cache.marks, span, input);
        let mut rows = std::mem::take(&mut self.rows);
        for start in (span.start..span.end).step_by(ROWS_TOGETHER) {
            let part = start..span.end.min(start + ROWS_TOGETHER);
            match span.rows {
                Rows::All => {
                    self.read_groups(span, part.clone());
                    self.pass(sketch, cache, input, part);
                }
                Rows::Mask(words) => {
                    pick(words, part, &mut rows);
                    self.read_groups(span, rows.iter().map(|row| *row as usize));
                    self.pass(sketch, cache, input, rows.iter().map(|row| *row as usize));
                }
            }
            let row =
                |at: u32| if let Rows::All = span.rows { start + at as usize } else { rows[at as usize] as usize };
            match codes {
                Some(codes) => self.mark(&mut cache.marks, span.base, codes, row),
                None => self.wait(sketch, cache, input, row),
            }
        }
        self.rows = rows;
        if self.waiting.len() >= MIN_WAITING {
            self.add(sketch, states)?;
        }
        Ok(true)
    }

    /// The codes of an input that are to be marked where their rows pass, if there is room for marks.
    fn codes_to_mark<'a>(marks: &mut Marks, span: &Span<'_>, input: &Input<'a>) -> Option<Codes<'a>> {
        let (codes, num_codes) = input.codes().filter(|_| S::Gate::MARKS)?;
        marks.reserve(span.base, span.local_groups(), num_codes, 0, MAX_WORDS).then_some(codes)
    }

    fn mark(&mut self, marks: &mut Marks, base: usize, codes: Codes<'_>, row: impl Fn(u32) -> usize) {
        for &at in &self.passed {
            marks.mark_one(self.groups[at as usize] as usize - base, codes.get(row(at)));
        }
        self.num_marked += self.passed.len();
    }

    /// Whether so many rows were marked that their marks are to be handed over, for the gate to learn.
    pub fn is_due(&mut self, marks: &Marks) -> bool {
        let is_due = self.num_marked > marks.num_words();
        if is_due {
            self.num_marked = 0;
        }
        is_due
    }

    /// A group's sketch was given what was marked.
    pub fn learn(&mut self, sketch: &Hashing<S>, group: usize, state: &mut S::State) {
        if S::Gate::MARKS && group < MAX_GROUPS {
            self.gate.grow(group + 1);
            self.gate.learn(&sketch.0, group, 0, state);
        }
    }

    fn read_groups(&mut self, span: &Span<'_>, rows: impl ExactSizeIterator<Item = usize>) {
        let base = span.base as u32;
        self.groups.clear();
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
            extend(&mut self.codes, *codes, rows, |code| code);
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
        self.keys.clear();
        let Input::Numbers { codes, values } = input else {
            let key = |hash: Option<S::Hash>| hash.map_or_else(S::Key::default, |hash| sketch.0.key(hash));
            return self.keys.extend(rows.map(|row| key(sketch.hash_at(cache, input, row))));
        };
        let sketch = &sketch.0;
        if cache.knows_keys(sketch, *values, rows.len()) {
            let known = cache.keys.as_slice();
            return extend(&mut self.keys, *codes, rows, move |code| known[code as usize]);
        }
        match *values {
            NumberValues::Longs(values) => {
                self.longs.clear();
                extend(&mut self.longs, *codes, rows, move |code| values[code as usize]);
                sketch.keys(NumberValues::Longs(&self.longs), &mut self.keys);
            }
            NumberValues::Doubles(values) => {
                self.doubles.clear();
                extend(&mut self.doubles, *codes, rows, move |code| values[code as usize]);
                sketch.keys(NumberValues::Doubles(&self.doubles), &mut self.keys);
            }
        }
    }

    /// Hashes what passed.
    fn wait(&mut self, sketch: &Hashing<S>, cache: &mut InputCache<S>, input: &Input<'_>, row: impl Fn(u32) -> usize) {
        let Gated { passed, groups, waiting, .. } = self;
        let rows = passed.iter().map(|at| (groups[*at as usize], row(*at)));
        match input {
            Input::Numbers { codes, values: NumberValues::Longs(values) } => {
                waiting.extend(rows.map(|(group, row)| (group, sketch.0.hash_long(values[codes.get(row) as usize]))));
            }
            Input::Long(longs) if longs.null_count() == 0 => {
                waiting.extend(rows.map(|(group, row)| (group, sketch.0.hash_long(longs.values()[row]))));
            }
            _ => {
                let hash = |(group, row)| Some((group, sketch.hash_at(cache, input, row)?));
                waiting.extend(rows.filter_map(hash));
            }
        }
    }

    /// Gives what waits to the sketches of their groups.
    fn add(&mut self, sketch: &Hashing<S>, states: &mut States<'_, Hashing<S>>) -> Result<()> {
        let Gated { gate, waiting, by_group, .. } = self;
        let mut result = Ok(());
        by_group.visit_list(waiting, |group, hashes| {
            if result.is_err() {
                return;
            }
            result = states.update(group, |state| {
                hashes.iter().try_for_each(|&hash| sketch.0.add(state, hash))?;
                gate.learn(&sketch.0, group, hashes.len(), state);
                Ok(())
            });
        });
        waiting.clear();
        result
    }
}

/// Lists the rows of a part of the vector that count.
fn pick(words: &[u64], part: Range<usize>, rows: &mut Vec<u32>) {
    let words = &words[part.start / 64..part.end.div_ceil(64)];
    rows.resize(words.len() * 64 + LISTED_TOGETHER, 0);
    let num_rows = list(part.start as u32, words, rows);
    rows.truncate(num_rows);
}

/// Appends what the codes of rows stand for.
#[inline(always)]
fn extend<T>(out: &mut Vec<T>, codes: Codes<'_>, rows: impl ExactSizeIterator<Item = usize>, value: impl Fn(u32) -> T) {
    match codes {
        Codes::U8(codes) => out.extend(rows.map(move |row| value(codes[row].into()))),
        Codes::U16(codes) => out.extend(rows.map(move |row| value(codes[row].into()))),
        Codes::U32(codes) => out.extend(rows.map(move |row| value(codes[row]))),
    }
}
