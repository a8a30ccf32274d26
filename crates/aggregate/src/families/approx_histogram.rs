//! The approximate histogram as an aggregator.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::number_sketch::Sketching;
use crate::families::scalar::Scalar;
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts, encoded};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::Properties;
use crate::sketches::approx_histogram::{ApproxHistogram, Buckets, MAX_SIZE};
use crate::spec::{AggregatorSpec, Finalized};

const STATE_TYPE: &str = "approximateHistogram";

/// `{type, name, fieldName, resolution, numBuckets, lowerLimit, upperLimit, finalizeAsBase64Binary}`. The answer is
/// buckets of one width.
#[derive(Clone, Debug)]
pub(crate) struct ApproxKind {
    folds: bool,
    resolution: usize,
    num_buckets: usize,
    lower_limit: f32,
    upper_limit: f32,
    as_base64: bool,
}

impl ApproxKind {
    /// Reads an aggregator over values, or (`folds`) one over stored histograms.
    pub fn parse(json: &Value, folds: bool) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let number = |field: &str, default: f32| Ok(properties.number(field)?.map_or(default, |value| value as f32));
        let kind = ApproxKind {
            folds,
            resolution: properties.integer("resolution", 50, 1..=MAX_SIZE as i64)? as usize,
            num_buckets: properties.integer("numBuckets", 7, 2..=65_536)? as usize,
            lower_limit: number("lowerLimit", f32::NEG_INFINITY)?,
            upper_limit: number("upperLimit", f32::INFINITY)?,
            as_base64: properties.flag("finalizeAsBase64Binary", false)?,
        };
        if kind.lower_limit >= kind.upper_limit {
            return Err(properties.invalid("upperLimit", "must be above \"lowerLimit\""));
        }
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
    }
}

impl SketchKind for ApproxKind {
    type Aggregator = Sketching<ApproxHistogram>;

    fn aggregator(&self) -> Sketching<ApproxHistogram> {
        Sketching { empty: ApproxHistogram::new(self.resolution, self.lower_limit, self.upper_limit) }
    }

    fn tag(&self) -> &'static str {
        if self.folds { "approxHistogramFold" } else { "approxHistogram" }
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn extra_json(&self) -> Value {
        json!({"resolution": self.resolution, "numBuckets": self.num_buckets, "lowerLimit": self.lower_limit.json(),
            "upperLimit": self.upper_limit.json(), "finalizeAsBase64Binary": self.as_base64})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => **name == *STATE_TYPE,
            _ => !self.folds || *column == ColumnType::String,
        }
    }

    fn reads_encoded(&self) -> bool {
        self.folds
    }

    fn lane(&self) -> Lane {
        if self.folds { Lane::Text } else { Lane::Float }
    }

    fn merging(&self) -> Self {
        ApproxKind { folds: true, ..self.clone() }
    }

    fn finalized_type(&self) -> ColumnType {
        self.state_type()
    }

    fn finalize(&self, states: &[ApproxHistogram]) -> Result<Option<Finalized>> {
        if self.as_base64 {
            return encoded(&self.aggregator(), states).map(Some);
        }
        let shown = |state: &ApproxHistogram| match state.count() {
            0 => Value::Null,
            _ => buckets_json(&state.equal_buckets(self.num_buckets)),
        };
        Ok(Some(Finalized::Json(states.iter().map(shown).collect())))
    }

    fn sort_keys(&self, states: &[ApproxHistogram]) -> Option<Finalized> {
        Some(counts(states.iter().map(ApproxHistogram::count)))
    }
}

/// Buckets as they are shown.
fn buckets_json(buckets: &Buckets) -> Value {
    let breaks: Vec<Value> = buckets.breaks.iter().map(|&bound| f64::from(bound).json()).collect();
    let counts: Vec<Value> = buckets.counts.iter().map(|&count| count.json()).collect();
    json!({"breaks": breaks, "counts": counts})
}
