//! Sketches of the numbers of one column.

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::counts::Counts;
use crate::error::Result;
use crate::feed::{Feed, Mask, Number};
use crate::input::{Codes, Groups, Input, Rows};
use crate::owned::States;
use crate::packed::{Packed, Scale};
use crate::runs::Runs;
use crate::sketches::number_sketch::NumberSketch;
use crate::span::{Span, for_each_row};

/// Feeds sketches the numbers of a column; `empty` has the properties of all.
#[derive(Clone, Debug)]
pub(crate) struct Sketching<S> {
    pub empty: S,
}

/// The reader of numbers, and scratch.
pub(crate) struct SketchingCaches<T: Number> {
    numbers: T::Feed,
    by_group: ByGroup<T>,
    /// Whether numbers may wait, counted, until the fold settles.
    may_wait: bool,
    counts: Counts,
    /// Numbers that are too many to be counted.
    runs: Runs,
    mask: Mask,
}

impl<T: Number> Default for SketchingCaches<T> {
    fn default() -> Self {
        SketchingCaches {
            numbers: T::Feed::default(),
            by_group: ByGroup::default(),
            may_wait: false,
            counts: Counts::default(),
            runs: Runs::default(),
            mask: Mask::default(),
        }
    }
}

impl<T: Number> Caches for SketchingCaches<T> {
    fn begin_segment(&mut self) {
        // Forgets dictionaries; any column can be read.
        let _ = self.numbers.begin_segment(&[]);
    }

    fn let_wait(&mut self) {
        self.may_wait = true;
    }

    fn memory_bytes(&self) -> usize {
        Feed::memory_bytes(&self.numbers) + self.counts.memory_bytes() + self.runs.memory_bytes()
    }
}

impl<S: NumberSketch> OwnedAggregator for Sketching<S> {
    type State = S;
    type Caches = SketchingCaches<S::Item>;

    const WANTS_PACKED: bool = true;

    fn empty(&self) -> S {
        self.empty.clone()
    }

    fn fold(
        &self,
        caches: &mut SketchingCaches<S::Item>,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let groups = span.local_groups();
        if let (true, true, Some(Input::Packed(packed))) = (S::COUNTS, caches.may_wait, inputs.first())
            && (self.count(caches, span, packed, states) || self.wait(caches, span, packed, states))
        {
            return Ok(());
        }
        let SketchingCaches { numbers, by_group, .. } = caches;
        numbers.feed(span, inputs, &mut |items, rows| {
            if let (Groups::One, Rows::All) = (groups, rows) {
                states.update(span.base, |state| state.add_all(items));
                return Ok(());
            }
            let add = |group, items: &[S::Item]| states.update(group, |state| state.add_all(items));
            if !by_group.visit(span, rows, |row| Some(items[row]), add) {
                for_each_row(items.len(), rows, |row| {
                    states.update(span.base + groups.get(row), |state| state.add(items[row]));
                });
            }
            Ok(())
        })
    }

    fn settle(
        &self,
        caches: &mut SketchingCaches<S::Item>,
        _inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        self.hand_over(&mut caches.counts, states);
        self.hand_over_runs(&mut caches.runs, states);
        Ok(())
    }

    fn leave(
        &self,
        _caches: &mut SketchingCaches<S::Item>,
        _inputs: &[Input<'_>],
        _states: &mut States<'_, Self>,
    ) -> Result<()> {
        // Counts and runs know what they are of.
        Ok(())
    }

    fn merge(&self, state: &mut S, other: &S) -> Result<()> {
        state.check(other)?;
        state.merge(other);
        Ok(())
    }

    fn state_bytes(&self, state: &S) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &S, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<S>> {
        let (mut state, stored) = (self.empty.clone(), S::decode(bytes)?);
        state.check(&stored)?;
        state.merge(&stored);
        Ok(Some(state))
    }
}

impl<S: NumberSketch> Sketching<S> {
    /// Counts the numbers of each group, to be added when all rows are read. False if there are too few rows for
    /// the numbers there may be.
    fn count(
        &self,
        caches: &mut SketchingCaches<S::Item>,
        span: &Span<'_>,
        packed: &Packed<'_>,
        states: &mut States<'_, Self>,
    ) -> bool {
        let rows = caches.mask.valid(span, packed.nulls);
        let num_rows = match rows {
            Rows::All => span.num_rows(),
            Rows::Mask(words) => words.iter().map(|word| word.count_ones() as usize).sum(),
        };
        if !caches.counts.takes(span.base, packed.scale, num_rows) {
            self.hand_over(&mut caches.counts, states);
        }
        let groups = span.local_groups();
        let stored = packed.stored.slice(span.start, span.end);
        if let Some(counter) = caches.counts.counter(span.base, groups, packed, num_rows) {
            counter.count(groups, stored, rows);
            return true;
        }
        let Some(limit) = caches.counts.limit(groups, packed).filter(|_| S::SORTS) else { return false };
        if !caches.runs.takes(packed.scale) {
            self.hand_over_runs(&mut caches.runs, states);
        }
        let low = Packed { max: limit - 1, ..*packed };
        let Some(counter) = caches.counts.counter(span.base, groups, &low, 0) else { return false };
        let base = span.base as u32;
        counter.count_low(limit, groups, stored, rows, |id, stored| caches.runs.push(packed, base + id, stored));
        caches.counts.leave_out_high();
        true
    }

    /// Keeps the numbers of each group, to be added in order when there are many. False if that gains nothing.
    fn wait(
        &self,
        caches: &mut SketchingCaches<S::Item>,
        span: &Span<'_>,
        packed: &Packed<'_>,
        states: &mut States<'_, Self>,
    ) -> bool {
        if S::SORTS {
            if !caches.runs.takes(packed.scale) {
                self.hand_over_runs(&mut caches.runs, states);
            }
            let rows = caches.mask.valid(span, packed.nulls);
            caches.runs.add(span, packed, rows);
        }
        S::SORTS
    }

    fn hand_over_runs(&self, runs: &mut Runs, states: &mut States<'_, Self>) {
        let mut numbers = Vec::new();
        runs.drain(|group, scale, stored, ascend| {
            states.update(group, |state| {
                if let (true, [least, .., greatest]) = (ascend, stored) {
                    let ends = [least, greatest].map(|end| S::Item::of_packed(*end, scale));
                    let mut item = |at: usize| S::Item::of_packed(stored[at], scale);
                    return state.add_sorted(stored.len(), ends.into(), &mut item);
                }
                numbers.clear();
                S::Item::unpack(Codes::U32(stored), scale, &mut numbers);
                state.add_all(&numbers);
            });
        });
    }

    /// Adds what was counted to the states of the groups.
    fn hand_over(&self, counts: &mut Counts, states: &mut States<'_, Self>) {
        let mut items = Vec::new();
        counts.drain(|group, scale, counts, are_many| {
            if are_many {
                return states.update(group, |state| add_ranked(state, counts, scale));
            }
            items.clear();
            let met = (0u32..).zip(counts).filter(|(_, count)| **count > 0);
            items.extend(met.map(|(stored, count)| (S::Item::of_packed(stored, scale), u64::from(*count))));
            states.update(group, |state| state.add_counted(&items));
        });
    }
}

/// Adds integers that were counted by their ranks.
fn add_ranked<S: NumberSketch>(state: &mut S, counts: &[u32], scale: Scale) {
    let met = |count: &u32| *count > 0;
    let (Some(least), Some(greatest)) = (counts.iter().position(met), counts.iter().rposition(met)) else { return };
    let item = |stored: usize| S::Item::of_packed(stored as u32, scale);
    let (mut at, mut num_before) = (least, 0);
    state.add_sorted(counts.iter().map(|count| *count as usize).sum(), (item(least), item(greatest)), &mut |rank| {
        while num_before + counts[at] as usize <= rank {
            num_before += counts[at] as usize;
            at += 1;
        }
        item(at)
    });
}
