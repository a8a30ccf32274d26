//! Quantiles sketches as aggregators.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts};
use crate::feed::{Feed, Number};
use crate::input::{ColumnType, Groups, Input, InputSpec, Lane, Rows};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::quantile_sketch::QuantileSketch;
use crate::span::{Span, for_each_row};
use crate::spec::{AggregatorSpec, Finalized};

const DEFAULT_MAX_STREAM_LENGTH: i64 = 1_000_000_000;

#[derive(Clone, Debug)]
pub(crate) struct QuantilesAggregator<S> {
    empty: S,
}

/// The reader of numbers, and scratch.
pub(crate) struct QuantilesCaches<T: Number> {
    numbers: T::Feed,
    by_group: ByGroup<T>,
}

impl<T: Number> Default for QuantilesCaches<T> {
    fn default() -> Self {
        QuantilesCaches { numbers: T::Feed::default(), by_group: ByGroup::default() }
    }
}

impl<T: Number> Caches for QuantilesCaches<T> {
    fn begin_segment(&mut self) {
        // Forgets dictionaries; any column can be read.
        let _ = self.numbers.begin_segment(&[]);
    }

    fn memory_bytes(&self) -> usize {
        Feed::memory_bytes(&self.numbers)
    }
}

impl<S: QuantileSketch> OwnedAggregator for QuantilesAggregator<S> {
    type State = S;
    type Caches = QuantilesCaches<S::Item>;

    fn empty(&self) -> S {
        self.empty.clone()
    }

    fn fold(
        &self,
        caches: &mut QuantilesCaches<S::Item>,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let groups = span.local_groups();
        let QuantilesCaches { numbers, by_group } = caches;
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

/// `{type, name, fieldName, k, maxStreamLength, shouldFinalize}`. The answer is the number of items.
#[derive(Clone, Debug)]
pub(crate) struct QuantilesKind<S> {
    merges: bool,
    empty: S,
    max_stream_length: i64,
    should_finalize: bool,
}

impl<S: QuantileSketch> QuantilesKind<S> {
    /// Reads an aggregator over values and sketches, or (`merges`) one over the stored sketches of its
    /// own name; that one has no `fieldName`, a given one is ignored.
    pub fn parse(json: &Value, merges: bool) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let k = usize::try_from(properties.integer("k", S::DEFAULT_K, 2..=S::MAX_K)?).unwrap_or_default();
        let empty =
            S::with_k(k).map_err(|_| properties.invalid("k", format!("is {k}, which {} cannot be of", S::NAME)))?;
        let kind = QuantilesKind {
            merges,
            empty,
            max_stream_length: properties.integer("maxStreamLength", DEFAULT_MAX_STREAM_LENGTH, 0..=i64::MAX)?,
            should_finalize: properties.flag("shouldFinalize", true)?,
        };
        let column = if merges { properties.name().to_owned() } else { properties.required_text("fieldName")? };
        let inputs = vec![InputSpec::Column(column)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
    }
}

impl<S: QuantileSketch> SketchKind for QuantilesKind<S> {
    type Aggregator = QuantilesAggregator<S>;

    fn aggregator(&self) -> QuantilesAggregator<S> {
        QuantilesAggregator { empty: self.empty.clone() }
    }

    fn tag(&self) -> &'static str {
        if self.merges { S::MERGE_NAME } else { S::NAME }
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(S::NAME)
    }

    fn extra_json(&self) -> Value {
        let mut extra = json!({"k": self.empty.k(), "maxStreamLength": self.max_stream_length});
        // Shown as Druid shows it: only where it is not the rule.
        if !self.should_finalize {
            extra["shouldFinalize"] = json!(false);
        }
        extra
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => [S::NAME, S::MERGE_NAME].contains(&name.as_ref()),
            ColumnType::Value(_) => false,
            ColumnType::Long | ColumnType::Double | ColumnType::Float | ColumnType::String => !self.merges,
        }
    }

    fn lane(&self) -> Lane {
        Lane::Double
    }

    fn merging(&self) -> Self {
        QuantilesKind { merges: true, ..self.clone() }
    }

    fn finalized_type(&self) -> ColumnType {
        if self.should_finalize { ColumnType::Long } else { self.state_type() }
    }

    fn finalize(&self, states: &[S]) -> Result<Option<Finalized>> {
        Ok(self.should_finalize.then(|| counts(states.iter().map(S::n))))
    }

    fn sort_keys(&self, states: &[S]) -> Option<Finalized> {
        Some(counts(states.iter().map(S::n)))
    }
}
