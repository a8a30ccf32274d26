//! Quantiles sketches as aggregators.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::number_sketch::Sketching;
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::Properties;
use crate::sketches::quantile_sketch::QuantileSketch;
use crate::spec::{AggregatorSpec, Finalized};

const DEFAULT_MAX_STREAM_LENGTH: i64 = 1_000_000_000;

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
    type Aggregator = Sketching<S>;

    fn aggregator(&self) -> Sketching<S> {
        Sketching { empty: self.empty.clone() }
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
            ColumnType::String => true,
            ColumnType::Long | ColumnType::Double | ColumnType::Float => !self.merges,
        }
    }

    fn reads_encoded(&self) -> bool {
        self.merges
    }

    fn lane(&self) -> Lane {
        if self.merges { Lane::Text } else { Lane::Double }
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
