//! Sketches of the numbers of one column.

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::feed::{Feed, Number};
use crate::input::{Groups, Input, Rows};
use crate::owned::States;
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
}

impl<T: Number> Default for SketchingCaches<T> {
    fn default() -> Self {
        SketchingCaches { numbers: T::Feed::default(), by_group: ByGroup::default() }
    }
}

impl<T: Number> Caches for SketchingCaches<T> {
    fn begin_segment(&mut self) {
        // Forgets dictionaries; any column can be read.
        let _ = self.numbers.begin_segment(&[]);
    }

    fn memory_bytes(&self) -> usize {
        Feed::memory_bytes(&self.numbers)
    }
}

impl<S: NumberSketch> OwnedAggregator for Sketching<S> {
    type State = S;
    type Caches = SketchingCaches<S::Item>;

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
        let SketchingCaches { numbers, by_group } = caches;
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

    fn merge(&self, state: &mut S, other: &S) -> Result<()> {
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
        let mut state = self.empty.clone();
        state.merge(&S::decode(bytes)?);
        Ok(Some(state))
    }
}
