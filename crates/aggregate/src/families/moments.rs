//! Moments sketches as aggregators.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::number_sketch::Sketching;
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::Properties;
use crate::sketches::moments::{MAX_K, Moments};
use crate::spec::{AggregatorSpec, Finalized};

const STATE_TYPE: &str = "momentSketch";
const DEFAULT_K: i64 = 13;

/// `{type, name, fieldName, k, compress}`; the answer is the sketch.
#[derive(Clone, Debug)]
pub(crate) struct MomentsKind {
    merges: bool,
    empty: Moments,
}

impl MomentsKind {
    /// Reads an aggregator over numbers and sketches, or (`merges`) one over stored sketches, by default those of its
    /// own name.
    pub fn parse(json: &Value, merges: bool) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let k = usize::try_from(properties.integer("k", DEFAULT_K, 2..=MAX_K)?).unwrap_or_default();
        let empty = Moments::new(k, properties.flag("compress", true)?);
        let column = match properties.text("fieldName")? {
            None if merges => properties.name().to_owned(),
            _ => properties.required_text("fieldName")?,
        };
        let inputs = vec![InputSpec::Column(column)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind: MomentsKind { merges, empty } }))
    }
}

impl SketchKind for MomentsKind {
    type Aggregator = Sketching<Moments>;

    fn aggregator(&self) -> Sketching<Moments> {
        Sketching { empty: self.empty.clone() }
    }

    fn tag(&self) -> &'static str {
        if self.merges { "momentSketchMerge" } else { "momentSketch" }
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn extra_json(&self) -> Value {
        json!({"k": self.empty.k(), "compress": self.empty.is_compressed()})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(_) => *column == self.state_type(),
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
        MomentsKind { merges: true, ..self.clone() }
    }

    fn finalized_type(&self) -> ColumnType {
        self.state_type()
    }

    fn finalize(&self, _states: &[Moments]) -> Result<Option<Finalized>> {
        Ok(None)
    }

    fn sort_keys(&self, states: &[Moments]) -> Option<Finalized> {
        Some(counts(states.iter().map(|state| state.count() as u64)))
    }
}
