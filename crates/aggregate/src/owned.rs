//! The accumulator of an aggregator whose states own memory.

use std::any::Any;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use arrow_array::{Array, ArrayRef};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::accumulator::{Accumulator, FieldLayout, Others, StateReader, absorb_stored};
use crate::aggregator::{Caches, OwnedAggregator};
use crate::arena::{Arena, Records};
use crate::error::{Error, Result};
use crate::input::{Codes, ColumnType, Dictionary, Input, Lane, NumberValues};
use crate::side::SideTable;
use crate::span::{Span, for_each_row};

/// Binds an [`OwnedAggregator`]; keeps its states in a side table.
pub struct Owned<A: OwnedAggregator> {
    aggregator: A,
    caches: A::Caches,
    lanes: Vec<Lane>,
    /// Whether texts are stored states in base64.
    encoded: bool,
    table: SideTable<A::State>,
    len: usize,
    state_bytes: usize,
}

impl<A: OwnedAggregator> Owned<A> {
    pub fn boxed(aggregator: A, lanes: Vec<Lane>) -> Box<dyn Accumulator> {
        Box::new(Owned::new(aggregator, lanes, false))
    }

    /// One that reads texts as stored states in base64.
    pub fn boxed_encoded(aggregator: A, lanes: Vec<Lane>) -> Box<dyn Accumulator> {
        Box::new(Owned::new(aggregator, lanes, true))
    }

    fn new(aggregator: A, lanes: Vec<Lane>, encoded: bool) -> Self {
        let caches = A::Caches::default();
        Owned { aggregator, caches, lanes, encoded, table: SideTable::default(), len: 0, state_bytes: 0 }
    }

    /// Folds states given as texts. What is no state counts as null.
    fn merge_texts(&mut self, span: &Span<'_>, codes: Codes<'_>, dictionary: &dyn Dictionary) -> Result<()> {
        let Owned { aggregator, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        let groups = span.local_groups();
        let mut result = Ok(());
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            let text = dictionary.get(codes.get(span.start + row));
            let bytes = text.filter(|text| !text.is_empty()).and_then(|text| STANDARD.decode(text).ok());
            let state = bytes.and_then(|bytes| aggregator.decode(&bytes).ok().flatten());
            if let (Some(other), Ok(())) = (state, &result) {
                result = states.merge(span.base + groups.get(row), other);
            }
        });
        result
    }

    fn merge_column(&mut self, span: &Span<'_>, column: &dyn Array) -> Result<()> {
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt("aggregator", "is no binary column"))?;
        let Owned { aggregator, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        let groups = span.local_groups();
        let mut result = Ok(());
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            if result.is_err() || column.is_null(span.start + row) {
                return;
            }
            result = match aggregator.decode(column.value(span.start + row)) {
                Ok(None) => Ok(()),
                Ok(Some(other)) => states.merge(span.base + groups.get(row), other),
                Err(error) => Err(error),
            };
        });
        result
    }
}

/// The states of an [`OwnedAggregator`], for changing.
pub struct States<'a, A: OwnedAggregator> {
    aggregator: &'a A,
    table: &'a mut SideTable<A::State>,
    state_bytes: &'a mut usize,
    len: usize,
}

impl<A: OwnedAggregator> States<'_, A> {
    /// Changes the state of a group, made empty if it had none.
    #[inline]
    pub fn update<T>(&mut self, group: usize, change: impl FnOnce(&mut A::State) -> T) -> T {
        assert!(group < self.len, "group id is below the number of groups");
        let (state, made) = self.table.entry(group, || self.aggregator.empty());
        let before = if made { 0 } else { self.aggregator.state_bytes(state) };
        let result = change(state);
        *self.state_bytes = (*self.state_bytes + self.aggregator.state_bytes(state)).saturating_sub(before);
        result
    }

    /// The state of a group, if it has one.
    pub fn get(&self, group: usize) -> Option<&A::State> {
        self.table.get(group)
    }

    /// Folds a state into that of a group; the first one is taken as it is.
    fn merge(&mut self, group: usize, other: A::State) -> Result<()> {
        if self.table.get(group).is_none() {
            self.update(group, |state| *state = other);
            return Ok(());
        }
        self.absorb(group, &other)
    }

    /// As `merge`, of a state that stays where it is.
    fn absorb(&mut self, group: usize, other: &A::State) -> Result<()> {
        if self.table.get(group).is_none() {
            self.update(group, |state| state.clone_from(other));
            return Ok(());
        }
        let aggregator = self.aggregator;
        self.update(group, |state| aggregator.merge(state, other))
    }
}

impl<A: OwnedAggregator> Accumulator for Owned<A> {
    fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    fn begin_segment(&mut self, _columns: &[Option<ColumnType>]) -> Result<()> {
        self.caches.begin_segment();
        Ok(())
    }

    fn layout(&self) -> FieldLayout {
        FieldLayout { size: 0, align: 1 }
    }

    fn write_empty(&self, _field: &mut [u8]) {}

    fn grow(&mut self, len: usize) {
        self.len = self.len.max(len);
    }

    fn fold(&mut self, _arena: &mut Arena, _offset: usize, span: &Span<'_>, inputs: &[Input<'_>]) -> Result<()> {
        match inputs.first() {
            Some(Input::State(column)) => return self.merge_column(span, *column),
            Some(Input::Text { codes, dictionary }) if self.encoded => {
                return self.merge_texts(span, *codes, *dictionary);
            }
            _ => {}
        }
        let Owned { aggregator, caches, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        aggregator.fold(caches, span, inputs, &mut states)
    }

    fn wants_packed(&self) -> bool {
        A::WANTS_PACKED
    }

    fn wants_codes(&self) -> bool {
        A::WANTS_CODES
    }

    fn fold_values(&mut self, group: usize, values: NumberValues<'_>) -> Result<bool> {
        let Owned { aggregator, caches, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        aggregator.fold_values(caches, group, values, &mut states)
    }

    fn let_wait(&mut self) {
        self.caches.let_wait();
    }

    fn settle(&mut self, inputs: &[Input<'_>]) -> Result<()> {
        let Owned { aggregator, caches, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        aggregator.settle(caches, inputs, &mut states)
    }

    fn leave(&mut self, inputs: &[Input<'_>]) -> Result<()> {
        let Owned { aggregator, caches, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        aggregator.leave(caches, inputs, &mut states)
    }

    fn merge(&mut self, _arena: &mut Arena, _offset: usize, span: &Span<'_>, states: &dyn Array) -> Result<()> {
        self.merge_column(span, states)
    }

    fn absorb(&mut self, arena: &mut Arena, offset: usize, others: &Others<'_>) -> Result<()> {
        let Some(other) = (others.accumulator as &dyn Any).downcast_ref::<Self>() else {
            return absorb_stored(self, arena, offset, others);
        };
        let Owned { aggregator, table, state_bytes, len, .. } = self;
        let mut states = States { aggregator, table, state_bytes, len: *len };
        let mut all = other.table.within(others.groups.clone());
        all.try_for_each(|(group, state)| states.absorb(others.place_of(group), state))
    }

    fn reader(&self, _offset: usize) -> Box<dyn StateReader> {
        Box::new(OwnedReader { aggregator: self.aggregator.clone(), table: self.table.clone() })
    }

    fn memory_bytes(&self) -> usize {
        self.state_bytes + self.table.table_bytes() + self.caches.memory_bytes()
    }
}

struct OwnedReader<A: OwnedAggregator> {
    aggregator: A,
    table: SideTable<A::State>,
}

impl<A: OwnedAggregator> StateReader for OwnedReader<A> {
    fn states(&self, _records: &Records, order: &[u32]) -> Result<ArrayRef> {
        let mut column = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for &group in order {
            match self.table.get(group as usize) {
                None => column.append_null(),
                Some(state) => {
                    bytes.clear();
                    self.aggregator.encode(state, &mut bytes)?;
                    column.append_value(&bytes);
                }
            }
        }
        Ok(Arc::new(column.finish()))
    }
}
