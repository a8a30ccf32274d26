//! `thetaSketch`: roughly how many distinct values, by a sketch that takes part in set operations.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::hashing::gate::Gate;
use crate::families::hashing::{HashSketch, Hashing};
use crate::families::sketch_spec::{SketchKind, SketchSpec, estimates};
use crate::input::{ColumnType, InputSpec};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::theta::{Theta, ThetaBars, ThetaSet, double_hash, long_hash, rank, text_hash};
use crate::spec::{AggregatorSpec, Finalized, Kind};

const DEFAULT_SIZE: i64 = 16_384;
const STATE_TYPES: [&str; 3] = ["thetaSketch", "thetaSketchBuild", "thetaSketchMerge"];

pub(super) static KIND: Kind = Kind { tag: "thetaSketch", parse: |json| parse(json, "thetaSketch") };

/// Also reads what older releases called otherwise.
pub(super) fn parse(json: &Value, tag: &'static str) -> Result<Arc<dyn AggregatorSpec>> {
    let properties = Properties::new(json)?;
    let size = usize::try_from(properties.integer("size", DEFAULT_SIZE, 16..=1 << 26)?).unwrap_or_default();
    if !size.is_power_of_two() {
        return Err(properties.invalid("size", format!("is {size}, must be a power of two")));
    }
    let deviations = properties.get("errorBoundsStdDev").is_some();
    let deviations = if deviations { properties.integer("errorBoundsStdDev", 1, 1..=3)? } else { 0 };
    let kind = ThetaKind {
        tag,
        size,
        should_finalize: properties.flag("shouldFinalize", true)?,
        is_input_sketch: properties.flag("isInputThetaSketch", false)?,
        num_std_dev: u8::try_from(deviations).ok().filter(|&number| number > 0),
    };
    let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
    Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
}

#[derive(Clone, Debug)]
struct ThetaAggregator {
    size: usize,
}

impl HashSketch for ThetaAggregator {
    type State = ThetaSet;
    type Hash = u64;
    type Gate = ThetaBars;
    type Key = u8;

    #[inline]
    fn key(&self, hash: u64) -> u8 {
        rank(hash)
    }

    fn add_all(&self, state: &mut ThetaSet, hashes: &[u64]) -> Result<()> {
        state.add_all(hashes);
        Ok(())
    }

    fn hash_text(&self, text: &str) -> Option<u64> {
        text_hash(text)
    }

    #[inline]
    fn hash_long(&self, value: i64) -> u64 {
        long_hash(value)
    }

    #[inline]
    fn hash_double(&self, value: f64) -> u64 {
        double_hash(value)
    }

    fn hash_float(&self, value: f32) -> u64 {
        double_hash(value.into())
    }

    fn empty(&self) -> ThetaSet {
        ThetaSet::new(self.size)
    }

    fn add(&self, state: &mut ThetaSet, hash: u64) -> Result<()> {
        state.add(hash);
        Ok(())
    }

    fn merge(&self, state: &mut ThetaSet, other: &ThetaSet) -> Result<()> {
        state.merge_set(other);
        Ok(())
    }

    fn state_bytes(&self, state: &ThetaSet) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &ThetaSet, out: &mut Vec<u8>) -> Result<()> {
        state.finish().encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<ThetaSet> {
        let mut state = self.empty();
        state.merge(&Theta::decode(bytes)?);
        Ok(state)
    }
}

impl Gate<ThetaAggregator> for ThetaBars {
    const IS_ANY: bool = true;
    const MARKS: bool = true;

    fn grow(&mut self, num_groups: usize) {
        ThetaBars::grow(self, num_groups);
    }

    fn pass(&mut self, groups: &[u32], keys: &[u8], passed: &mut Vec<u32>) {
        ThetaBars::pass(self, groups, keys, passed);
    }

    fn learn(&mut self, _sketch: &ThetaAggregator, group: usize, _num_hashes: usize, state: &mut ThetaSet) {
        self.lower(group, state);
    }

    fn settle(&mut self, _states: &mut States<'_, Hashing<ThetaAggregator>>) -> Result<()> {
        *self = ThetaBars::default();
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        ThetaBars::memory_bytes(self)
    }
}

#[derive(Clone, Debug)]
struct ThetaKind {
    tag: &'static str,
    size: usize,
    should_finalize: bool,
    is_input_sketch: bool,
    num_std_dev: Option<u8>,
}

impl SketchKind for ThetaKind {
    type Aggregator = Hashing<ThetaAggregator>;

    fn aggregator(&self) -> Self::Aggregator {
        Hashing(ThetaAggregator { size: self.size })
    }

    fn tag(&self) -> &'static str {
        self.tag
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state("thetaSketch")
    }

    fn extra_json(&self) -> Value {
        // Flags are shown only when they are not the rule.
        let should_finalize = (!self.should_finalize).then_some(false);
        let is_input_sketch = self.is_input_sketch.then_some(true);
        json!({"size": self.size, "shouldFinalize": should_finalize, "isInputThetaSketch": is_input_sketch,
            "errorBoundsStdDev": self.num_std_dev})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => STATE_TYPES.contains(&name.as_ref()),
            ColumnType::Value(_) => false,
            ColumnType::Long | ColumnType::Double | ColumnType::Float | ColumnType::String => true,
        }
    }

    fn reads_encoded(&self) -> bool {
        self.is_input_sketch
    }

    fn reads_any_value(&self) -> bool {
        !self.is_input_sketch
    }

    fn finalized_type(&self) -> ColumnType {
        match self.should_finalize && self.num_std_dev.is_none() {
            true => ColumnType::Double,
            false => self.state_type(),
        }
    }

    fn finalize(&self, states: &[ThetaSet]) -> Result<Option<Finalized>> {
        if !self.should_finalize {
            return Ok(None);
        }
        let Some(num_std_dev) = self.num_std_dev else {
            return Ok(Some(estimates(states.iter().map(|state| state.finish().estimate()), false)));
        };
        let with_bounds = |state: &ThetaSet| {
            let sketch = state.finish();
            let (low, high) = sketch.bounds(num_std_dev)?;
            Ok(json!({"estimate": sketch.estimate(), "highBound": high, "lowBound": low, "numStdDev": num_std_dev}))
        };
        Ok(Some(Finalized::Json(states.iter().map(with_bounds).collect::<Result<_>>()?)))
    }

    fn sort_keys(&self, states: &[ThetaSet]) -> Option<Finalized> {
        Some(estimates(states.iter().map(|state| state.finish().estimate()), false))
    }
}
