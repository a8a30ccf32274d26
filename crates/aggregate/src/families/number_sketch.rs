//! Sketches of the numbers of one column.

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::counts::Counts;
use crate::error::Result;
use crate::feed::{Feed, Mask, Number};
use crate::input::{Codes, Groups, Input, Rows};
use crate::owned::States;
use crate::packed::{Packed, Scale};
use crate::runs::{Run, Runs};
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
    /// Whether numbers may be kept until the fold settles.
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
            && self.keep(caches, span, packed, states)
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
            if !by_group.visit(span, rows, move |row| Some(items[row]), add) {
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
        self.hand_over_counts(&mut caches.counts, states);
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
    /// Keeps the numbers of each group until many or all rows are read: counted where that pays, and else, where they
    /// are better sorted, as they are. False, and nothing was kept, of others.
    fn keep(
        &self,
        caches: &mut SketchingCaches<S::Item>,
        span: &Span<'_>,
        packed: &Packed<'_>,
        states: &mut States<'_, Self>,
    ) -> bool {
        let SketchingCaches { counts, runs, mask, .. } = caches;
        let rows = mask.valid(span, packed.nulls);
        let num_rows = rows.count(span.num_rows());
        if !counts.takes(span.base, packed.scale, num_rows) {
            self.hand_over_counts(counts, states);
        }
        let (groups, stored) = (span.local_groups(), packed.stored.slice(span.start, span.end));
        if let Some(counter) = counts.counter(span.base, groups, packed, num_rows) {
            counter.count(groups, stored, rows);
            return true;
        }
        if !S::SORTS {
            return false;
        }
        if !runs.takes(packed.scale) {
            self.hand_over_runs(runs, states);
        }
        runs.begin(packed);
        match counts.low_counter(groups, packed) {
            Some((counter, limit)) => {
                let base = span.base as u32;
                counter.count_low(limit, groups, stored, rows, |id, stored| runs.push(base + id, stored));
            }
            None => runs.add(span, stored, rows),
        }
        true
    }

    /// Adds what was counted to the states of the groups.
    fn hand_over_counts(&self, counts: &mut Counts, states: &mut States<'_, Self>) {
        let (mut items, are_low) = (Vec::new(), counts.are_low());
        counts.drain(|group, scale, counts| {
            // There are many where some were left out.
            if are_low {
                return states.update(group, |state| add_ranked(state, counts, scale));
            }
            items.clear();
            let met = (0u32..).zip(counts).filter(|(_, count)| **count > 0);
            items.extend(met.map(|(stored, count)| (S::Item::of_packed(stored, scale), u64::from(*count))));
            states.update(group, |state| state.add_counted(&items));
        });
    }

    fn hand_over_runs(&self, runs: &mut Runs, states: &mut States<'_, Self>) {
        let mut numbers = Vec::new();
        runs.drain(|group, scale, run| {
            states.update(group, |state| match run {
                Run::Sorted(stored @ [least, .., greatest]) => {
                    let ends = [least, greatest].map(|end| S::Item::of_packed(*end, scale));
                    let mut item = |at: usize| S::Item::of_packed(stored[at], scale);
                    state.add_sorted(stored.len(), ends.into(), &mut item);
                }
                Run::Sorted(stored) | Run::Met(stored) => {
                    numbers.clear();
                    S::Item::unpack(Codes::U32(stored), scale, &mut numbers);
                    state.add_all(&numbers);
                }
            });
        });
    }
}

/// Adds integers that were counted, in their order and by their ranks.
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
