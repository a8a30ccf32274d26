//! The quantiles sketch as an aggregator.

use std::sync::Arc;

use arrow_array::Int64Array;
use serde_json::{Value, json};

use crate::aggregator::{Caches, OwnedAggregator};
use crate::by_group::ByGroup;
use crate::error::Result;
use crate::families::sketch_spec::{SketchKind, SketchSpec};
use crate::feed::{Feed, Numbers};
use crate::input::{ColumnType, Groups, Input, InputSpec, Lane, Rows};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::quantiles::{MAX_K, MIN_K, Quantiles};
use crate::span::{Span, for_each_row};
use crate::spec::{AggregatorSpec, Finalized};

const STATE_TYPES: [&str; 2] = ["quantilesDoublesSketch", "quantilesDoublesSketchMerge"];
const DEFAULT_K: i64 = 128;
const DEFAULT_MAX_STREAM_LENGTH: i64 = 1_000_000_000;

#[derive(Clone, Debug)]
pub(crate) struct QuantilesAggregator {
    empty: Quantiles,
}

/// The reader of numbers, and scratch.
#[derive(Default)]
pub(crate) struct QuantilesCaches {
    numbers: Numbers<f64>,
    by_group: ByGroup<f64>,
}

impl Caches for QuantilesCaches {
    fn begin_segment(&mut self) {
        self.numbers.forget();
    }

    fn memory_bytes(&self) -> usize {
        Feed::memory_bytes(&self.numbers)
    }
}

impl OwnedAggregator for QuantilesAggregator {
    type State = Quantiles;
    type Caches = QuantilesCaches;

    fn empty(&self) -> Quantiles {
        self.empty.clone()
    }

    fn fold(
        &self,
        caches: &mut QuantilesCaches,
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
            let add = |group, items: &[f64]| states.update(group, |state| state.add_all(items));
            if !by_group.visit(span, rows, |row| Some(items[row]), add) {
                for_each_row(items.len(), rows, |row| {
                    states.update(span.base + groups.get(row), |state| state.add(items[row]));
                });
            }
            Ok(())
        })
    }

    fn merge(&self, state: &mut Quantiles, other: &Quantiles) -> Result<()> {
        state.merge(other);
        Ok(())
    }

    fn state_bytes(&self, state: &Quantiles) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Quantiles, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<Quantiles>> {
        let mut state = self.empty.clone();
        state.merge(&Quantiles::decode(bytes)?);
        Ok(Some(state))
    }
}

/// `{type, name, fieldName, k, maxStreamLength, shouldFinalize}`. The answer is the number of items.
#[derive(Clone, Debug)]
pub(crate) struct QuantilesKind {
    merges: bool,
    empty: Quantiles,
    max_stream_length: i64,
    should_finalize: bool,
}

impl QuantilesKind {
    /// Reads an aggregator over values and sketches, or (`merges`) one over the stored sketches of its
    /// own name; that one has no `fieldName`, a given one is ignored.
    pub fn parse(json: &Value, merges: bool) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let k = usize::try_from(properties.integer("k", DEFAULT_K, MIN_K as i64..=MAX_K as i64)?).unwrap_or_default();
        let empty = Quantiles::new(k);
        let empty = empty.map_err(|_| properties.invalid("k", format!("is {k}, must be a power of two")))?;
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

impl SketchKind for QuantilesKind {
    type Aggregator = QuantilesAggregator;

    fn aggregator(&self) -> QuantilesAggregator {
        QuantilesAggregator { empty: self.empty.clone() }
    }

    fn tag(&self) -> &'static str {
        if self.merges { "quantilesDoublesSketchMerge" } else { "quantilesDoublesSketch" }
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state("quantilesDoublesSketch")
    }

    fn extra_json(&self) -> Value {
        json!({"k": self.empty.k(), "maxStreamLength": self.max_stream_length, "shouldFinalize": self.should_finalize})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => STATE_TYPES.contains(&name.as_ref()),
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

    fn finalize(&self, states: &[Quantiles]) -> Result<Option<Finalized>> {
        let count = |state: &Quantiles| i64::try_from(state.n()).unwrap_or(i64::MAX);
        Ok(self.should_finalize.then(|| Finalized::Long(Int64Array::from_iter_values(states.iter().map(count)))))
    }
}
