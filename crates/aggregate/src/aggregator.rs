//! What the author of an aggregator writes.

use std::fmt::Debug;

use arrow_array::{Array, ArrayRef};

use crate::error::Result;
use crate::feed::Feed;
use crate::input::{Codes, Input, NumberValues, Rows};
use crate::owned::States;
use crate::packed::Scale;
use crate::span::{Span, for_each_row};

/// Mask words with fewer rows than this are walked bit by bit.
pub(crate) const SPARSE_WORD: u32 = 20;

/// An aggregator whose state is a few plain bytes in the record of its group.
///
/// The loops over rows exist once, in [`Inline`](crate::accumulator::Inline).
pub trait Aggregator: Clone + Debug + Send + Sync + 'static {
    type State: Copy + Send + Sync + 'static;
    type Item: Copy + Send + Sync + 'static;
    type Feed: Feed<Item = Self::Item>;

    /// Whether the order in which rows and states are folded changes nothing but the last bits of an answer, so that
    /// rows may be folded by finer groups first.
    const COMMUTES: bool = false;

    /// Whether the state of a group that met a row is another than that of one that met none: always, or where its
    /// input is a number in every row.
    const TELLS_ROWS: Option<Told> = None;

    /// Reads the inputs this aggregator was bound to.
    fn feed(&self) -> Self::Feed;

    /// The state of a group without rows.
    fn empty(&self) -> Self::State;

    /// Whether a state is that of a group that met a row, as far as it [tells](Aggregator::TELLS_ROWS).
    #[inline(always)]
    fn has_met(&self, _state: &Self::State) -> bool {
        true
    }

    fn update(&self, state: &mut Self::State, item: Self::Item);

    /// Updates if `keep`; override where it can be done without a branch.
    #[inline(always)]
    fn update_if(&self, state: &mut Self::State, item: Self::Item, keep: bool) {
        if keep {
            self.update(state, item);
        }
    }

    /// Folds a whole run of items into one state.
    fn run(&self, state: &mut Self::State, items: &[Self::Item], rows: Rows<'_>) {
        let Rows::Mask(words) = rows else {
            return items.iter().for_each(|&item| self.update(state, item));
        };
        for (items, &word) in items.chunks(64).zip(words) {
            if word.count_ones() < SPARSE_WORD {
                for_each_row(items.len(), Rows::Mask(&[word]), |row| self.update(state, items[row]));
            } else {
                let rows = items.iter().enumerate();
                rows.for_each(|(row, &item)| self.update_if(state, item, word >> row & 1 == 1));
            }
        }
    }

    /// Folds a run of packed numbers into one state as they are stored. False, and nothing was done, where they
    /// have to be unpacked.
    fn run_packed(&self, _state: &mut Self::State, _stored: Codes<'_>, _scale: Scale, _rows: Rows<'_>) -> bool {
        false
    }

    /// Folds `other`, which came later, into `state`.
    fn merge(&self, state: &mut Self::State, other: &Self::State);

    /// States as a column.
    fn to_column(&self, states: Vec<Self::State>) -> ArrayRef;

    /// Reads back what [`to_column`](Aggregator::to_column) wrote.
    fn read_column(&self, column: &dyn Array) -> Result<Vec<Self::State>>;
}

/// How a state tells that its group met a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// By its rows.
    Counted,
    /// By its numbers: if no row's is null.
    Valid,
}

/// An aggregator whose state owns memory: a sketch, a text. States lie in a side table, each behind
/// its own `Arc`, and are copied when touched while a snapshot holds them. A group that nothing was
/// folded into has no state.
pub trait OwnedAggregator: Clone + Debug + Send + Sync + 'static {
    type State: Clone + Send + Sync + 'static;
    /// What is kept from vector to vector: caches of dictionaries, scratch.
    type Caches: Caches;

    /// Whether columns of numbers that repeat are better fed as codes.
    const WANTS_CODES: bool = false;
    /// Whether columns of packed numbers are better fed as they are stored.
    const WANTS_PACKED: bool = false;

    fn empty(&self) -> Self::State;

    /// Folds the span's rows of inputs that are no stored states.
    fn fold(
        &self,
        caches: &mut Self::Caches,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()>;

    /// Folds every number of a list into a group, whatever rows have them. False, and nothing was done, where it
    /// matters how many rows have each.
    fn fold_values(
        &self,
        _caches: &mut Self::Caches,
        _group: usize,
        _values: NumberValues<'_>,
        _states: &mut States<'_, Self>,
    ) -> Result<bool> {
        Ok(false)
    }

    /// Brings into the states what `fold` let wait, if it was allowed to.
    fn settle(&self, _caches: &mut Self::Caches, _inputs: &[Input<'_>], _states: &mut States<'_, Self>) -> Result<()> {
        Ok(())
    }

    /// As [`settle`](OwnedAggregator::settle), but what can be told without this segment's columns may go on waiting.
    fn leave(&self, caches: &mut Self::Caches, inputs: &[Input<'_>], states: &mut States<'_, Self>) -> Result<()> {
        self.settle(caches, inputs, states)
    }

    /// Folds `other`, which came later, into `state`.
    fn merge(&self, state: &mut Self::State, other: &Self::State) -> Result<()>;

    /// Bytes the state owns; called after every change, so it must be quick.
    fn state_bytes(&self, state: &Self::State) -> usize;

    /// Appends the stored form.
    fn encode(&self, state: &Self::State, out: &mut Vec<u8>) -> Result<()>;

    /// Reads the stored form; `None` for one that stands for nothing.
    fn decode(&self, bytes: &[u8]) -> Result<Option<Self::State>>;
}

/// Caches of an [`OwnedAggregator`].
pub trait Caches: Default + Send + Sync {
    /// Drops what belongs to dictionaries.
    fn begin_segment(&mut self);
    /// From now on rows may wait until the aggregator is told to settle.
    fn let_wait(&mut self) {}
    fn memory_bytes(&self) -> usize;
}

impl Caches for () {
    fn begin_segment(&mut self) {}

    fn memory_bytes(&self) -> usize {
        0
    }
}
