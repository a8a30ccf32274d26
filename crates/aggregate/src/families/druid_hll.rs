//! Druid's own HyperLogLog as an aggregator: what `cardinality` and `hyperUnique` share.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::hashing::{HashSketch, Hashing};
use crate::families::sketch_spec::{SketchKind, SketchSpec, estimate_type, estimates};
use crate::input::{ColumnType, InputSpec};
use crate::sketches::druid_hll::{Collector, Mark};
use crate::spec::{AggregatorSpec, Finalized};

pub(crate) const STATE_TYPE: &str = "hyperUnique";

/// What bytes of a value are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueBytes {
    /// The UTF-8 text of any value, as `hyperUnique` does.
    Text,
    /// UTF-16 units of texts, the bits of numbers, as `cardinality` does.
    Native,
}

#[derive(Clone, Debug)]
pub(crate) struct DruidHll(pub ValueBytes);

impl HashSketch for DruidHll {
    type State = Collector;
    type Hash = Mark;
    type Gate = ();
    type Key = ();

    fn key(&self, _hash: Mark) {}

    fn hash_text(&self, text: &str) -> Option<Mark> {
        Some(match self.0 {
            ValueBytes::Text => Mark::of_utf8(text),
            ValueBytes::Native => Mark::of_utf16(text),
        })
    }

    #[inline]
    fn hash_long(&self, value: i64) -> Mark {
        match self.0 {
            ValueBytes::Text => Mark::of_utf8(&value.to_string()),
            ValueBytes::Native => Mark::of_long(value),
        }
    }

    #[inline]
    fn hash_double(&self, value: f64) -> Mark {
        match self.0 {
            ValueBytes::Text => Mark::of_utf8(&dialect::print::double_text(value)),
            ValueBytes::Native => Mark::of_double(value),
        }
    }

    fn hash_float(&self, value: f32) -> Mark {
        match self.0 {
            ValueBytes::Text => Mark::of_utf8(&dialect::print::float_text(value)),
            ValueBytes::Native => Mark::of_float(value),
        }
    }

    fn empty(&self) -> Collector {
        Collector::default()
    }

    fn add(&self, state: &mut Collector, hash: Mark) -> Result<()> {
        state.add(hash);
        Ok(())
    }

    fn merge(&self, state: &mut Collector, other: &Collector) -> Result<()> {
        state.fold(other);
        Ok(())
    }

    fn state_bytes(&self, state: &Collector) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Collector, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Collector> {
        Collector::decode(bytes)
    }
}

/// `hyperUnique` over one column, of values or of stored sketches.
#[derive(Clone, Debug)]
pub(crate) struct HyperUniqueKind {
    pub is_input_sketch: bool,
    pub round: bool,
}

impl SketchKind for HyperUniqueKind {
    type Aggregator = Hashing<DruidHll>;

    fn aggregator(&self) -> Self::Aggregator {
        Hashing(DruidHll(ValueBytes::Text))
    }

    fn tag(&self) -> &'static str {
        "hyperUnique"
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn extra_json(&self) -> Value {
        json!({"isInputHyperUnique": self.is_input_sketch, "round": self.round})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        !matches!(column, ColumnType::State(_)) || *column == self.state_type()
    }

    fn reads_encoded(&self) -> bool {
        self.is_input_sketch
    }

    fn finalized_type(&self) -> ColumnType {
        estimate_type(self.round)
    }

    fn finalize(&self, states: &[Collector]) -> Result<Option<Finalized>> {
        Ok(Some(estimates(states.iter().map(Collector::estimate), self.round)))
    }
}

/// The aggregator that folds a stored column of such sketches.
pub(crate) fn merging(name: &str, round: bool) -> Arc<dyn AggregatorSpec> {
    let kind = HyperUniqueKind { is_input_sketch: true, round };
    Arc::new(SketchSpec { name: name.to_owned(), inputs: vec![InputSpec::Column(name.to_owned())], kind })
}
