//! The specification that aggregators of one sketch column have in common.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, StringArray};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::accumulator::Accumulator;
use crate::aggregator::OwnedAggregator;
use crate::error::{Error, Result};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::owned::Owned;
use crate::properties::{lanes, unsupported};
use crate::spec::{AggregatorSpec, Finalized};

/// What differs between sketch aggregators.
pub(crate) trait SketchKind: Clone + std::fmt::Debug + Send + Sync + 'static {
    type Aggregator: OwnedAggregator;

    fn aggregator(&self) -> Self::Aggregator;
    fn tag(&self) -> &'static str;
    fn state_type(&self) -> ColumnType;
    /// The properties besides type, name and inputs.
    fn extra_json(&self) -> Value;
    /// Whether a stored column of this type can be read: unless said otherwise every one but the states of others.
    fn reads(&self, column: &ColumnType) -> bool {
        !matches!(column, ColumnType::State(_)) || *column == self.state_type()
    }

    /// Whether texts are sketches in base64.
    fn reads_encoded(&self) -> bool {
        false
    }

    /// Whether values are hashed by their own type.
    fn reads_any_value(&self) -> bool {
        false
    }

    fn lane(&self) -> Lane {
        Lane::Text
    }

    /// The form in which each input is wanted.
    fn lanes(&self, columns: &[Option<ColumnType>]) -> Vec<Lane> {
        lanes(columns, self.lane())
    }

    /// The kind that folds this one's stored output.
    fn merging(&self) -> Self {
        self.clone()
    }
    fn finalized_type(&self) -> ColumnType;
    /// `None` where the answer is the sketch itself.
    fn finalize(&self, states: &[State<Self>]) -> Result<Option<Finalized>>;
    /// The numbers that sketches compare by, where their answers are none.
    fn sort_keys(&self, _states: &[State<Self>]) -> Option<Finalized> {
        None
    }
}

pub(crate) type State<K> = <<K as SketchKind>::Aggregator as OwnedAggregator>::State;

/// A sketch aggregator with a name and inputs.
#[derive(Clone, Debug)]
pub(crate) struct SketchSpec<K> {
    pub name: String,
    pub inputs: Vec<InputSpec>,
    pub kind: K,
}

impl<K: SketchKind> SketchSpec<K> {
    /// The states of a column; groups without rows have the empty state.
    fn states(&self, column: &ArrayRef) -> Result<Vec<State<K>>> {
        let aggregator = self.kind.aggregator();
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt(self.kind.tag(), "is no binary column"))?;
        let state = |bytes: Option<&[u8]>| match bytes {
            None => Ok(aggregator.empty()),
            Some(bytes) => Ok(aggregator.decode(bytes)?.unwrap_or_else(|| aggregator.empty())),
        };
        column.iter().map(state).collect()
    }
}

impl<K: SketchKind> AggregatorSpec for SketchSpec<K> {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        self.kind.tag()
    }

    fn to_json(&self) -> Value {
        let mut json = self.kind.extra_json();
        json["type"] = self.kind.tag().into();
        json["name"] = self.name.as_str().into();
        match &self.inputs[..] {
            [InputSpec::Column(column), ..] => json["fieldName"] = column.as_str().into(),
            [InputSpec::Dimension(dimension)] => json["field"] = dimension.clone(),
            inputs => {
                let field = |input: &InputSpec| match input {
                    InputSpec::Dimension(dimension) => dimension.clone(),
                    InputSpec::Column(text) | InputSpec::Expression(text) => text.as_str().into(),
                };
                json["fields"] = inputs.iter().map(field).collect();
            }
        }
        json
    }

    fn inputs(&self) -> Vec<InputSpec> {
        self.inputs.clone()
    }

    fn reads_any_value(&self) -> bool {
        self.kind.reads_any_value()
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        for (input, column) in self.inputs.iter().zip(columns) {
            if let Some(column_type) = column
                && !self.kind.reads(column_type)
            {
                return Err(unsupported(&self.name, input, column_type));
            }
        }
        let lanes = self.kind.lanes(columns);
        Ok(match self.kind.reads_encoded() {
            true => Owned::boxed_encoded(self.kind.aggregator(), lanes),
            false => Owned::boxed(self.kind.aggregator(), lanes),
        })
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        let inputs = vec![InputSpec::Column(self.name.clone())];
        Arc::new(SketchSpec { name: self.name.clone(), inputs, kind: self.kind.merging() })
    }

    fn state_type(&self) -> ColumnType {
        self.kind.state_type()
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized { self.kind.finalized_type() } else { self.kind.state_type() }
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        match self.kind.finalize(&self.states(states)?)? {
            Some(finalized) => Ok(finalized),
            None => self.unfinalized(states),
        }
    }

    fn sort_keys(&self, states: &ArrayRef) -> Result<Finalized> {
        match self.kind.sort_keys(&self.states(states)?) {
            Some(keys) => Ok(keys),
            None => self.finalize(states),
        }
    }

    /// The sketches in base64.
    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        let column = states.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt(self.kind.tag(), "is no binary column"))?;
        let mut empty = Vec::new();
        if column.null_count() > 0 {
            let aggregator = self.kind.aggregator();
            aggregator.encode(&aggregator.empty(), &mut empty)?;
        }
        let texts = column.iter().map(|bytes| STANDARD.encode(bytes.unwrap_or(&empty)));
        Ok(Finalized::Text(StringArray::from_iter_values(texts)))
    }
}

/// Estimates as doubles, or as whole numbers if `round`.
pub(crate) fn estimates(values: impl Iterator<Item = f64>, round: bool) -> Finalized {
    match round {
        true => Finalized::Long(Int64Array::from_iter_values(values.map(|value| (value + 0.5).floor() as i64))),
        false => Finalized::Double(Float64Array::from_iter_values(values)),
    }
}

/// States in base64.
pub(crate) fn encoded<A: OwnedAggregator>(aggregator: &A, states: &[A::State]) -> Result<Finalized> {
    let text = |state: &A::State| {
        let mut bytes = Vec::new();
        aggregator.encode(state, &mut bytes)?;
        Ok(STANDARD.encode(bytes))
    };
    let texts: Vec<String> = states.iter().map(text).collect::<Result<_>>()?;
    Ok(Finalized::Text(StringArray::from_iter_values(texts)))
}

/// Counts as whole numbers.
pub(crate) fn counts(values: impl Iterator<Item = u64>) -> Finalized {
    let count = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Finalized::Long(Int64Array::from_iter_values(values.map(count)))
}

/// Type of such estimates.
pub(crate) fn estimate_type(round: bool) -> ColumnType {
    if round { ColumnType::Long } else { ColumnType::Double }
}
