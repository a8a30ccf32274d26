//! `distinctCount`: exactly how many distinct values a dimension has, nulls left out.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::hashing::{HashSketch, Hashing};
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts};
use crate::input::{ColumnType, InputSpec};
use crate::properties::Properties;
use crate::sketches::distinct::{Distinct, distinct_hash};
use crate::spec::{Finalized, Kind};

const TAG: &str = "distinctCount";

pub(super) static KIND: Kind = Kind {
    tag: TAG,
    parse: |json| {
        let properties = Properties::new(json)?;
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind: DistinctKind }))
    },
};

#[derive(Clone, Debug)]
struct DistinctValues;

impl HashSketch for DistinctValues {
    type State = Distinct;
    type Hash = u128;
    type Gate = ();
    type Key = ();

    fn key(&self, _hash: Self::Hash) {}

    fn hash_text(&self, text: &str) -> Option<u128> {
        Some(distinct_hash(text))
    }

    fn hash_long(&self, value: i64) -> u128 {
        distinct_hash(&value.to_string())
    }

    fn hash_double(&self, value: f64) -> u128 {
        distinct_hash(&dialect::print::double_text(value))
    }

    fn hash_float(&self, value: f32) -> u128 {
        distinct_hash(&dialect::print::float_text(value))
    }

    fn empty(&self) -> Distinct {
        Distinct::default()
    }

    fn add(&self, state: &mut Distinct, hash: u128) -> Result<()> {
        state.add(hash);
        Ok(())
    }

    fn merge(&self, state: &mut Distinct, other: &Distinct) -> Result<()> {
        state.merge(other);
        Ok(())
    }

    fn state_bytes(&self, state: &Distinct) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Distinct, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Distinct> {
        Distinct::decode(bytes)
    }
}

/// `{type, name, fieldName}`; exact over all segments, not in each of them only.
#[derive(Clone, Debug)]
struct DistinctKind;

impl SketchKind for DistinctKind {
    type Aggregator = Hashing<DistinctValues>;

    fn aggregator(&self) -> Self::Aggregator {
        Hashing(DistinctValues)
    }

    fn tag(&self) -> &'static str {
        TAG
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(TAG)
    }

    fn extra_json(&self) -> Value {
        json!({})
    }

    fn finalized_type(&self) -> ColumnType {
        ColumnType::Long
    }

    fn finalize(&self, states: &[Distinct]) -> Result<Option<Finalized>> {
        Ok(Some(counts(states.iter().map(|state| state.len() as u64))))
    }
}
