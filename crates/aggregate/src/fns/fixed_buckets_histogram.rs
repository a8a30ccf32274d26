//! `fixedBucketsHistogram`: how many values lie in each of some buckets of one width.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::aggregator::{Caches, OwnedAggregator};
use crate::error::Result;
use crate::families::scalar::Scalar;
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts, encoded};
use crate::feed::NumberReader;
use crate::input::{ColumnType, Input, InputSpec, Lane};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::fixed_buckets::{FixedBuckets, MAX_BUCKETS, Outliers, Shape};
use crate::span::{Span, for_each_row};
use crate::spec::{Finalized, Kind};

const TAG: &str = "fixedBucketsHistogram";

pub(super) static KIND: Kind = Kind {
    tag: TAG,
    parse: |json| {
        let properties = Properties::new(json)?;
        let mode = properties.text("outlierHandlingMode")?.unwrap_or_else(|| "ignore".to_owned());
        let outliers = Outliers::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(&mode)).map(|(_, mode)| *mode);
        let outliers = outliers.ok_or_else(|| {
            properties.invalid("outlierHandlingMode", format!("is {mode:?}, must be ignore, overflow or clip"))
        })?;
        let shape = Shape {
            lower: properties.number("lowerLimit")?.unwrap_or(0.0),
            upper: properties.number("upperLimit")?.unwrap_or(0.0),
            num_buckets: properties.integer("numBuckets", 10, 1..=MAX_BUCKETS as i64)? as usize,
            outliers,
        };
        if !shape.is_valid() {
            return Err(properties.invalid("upperLimit", "must be above \"lowerLimit\""));
        }
        let kind = FixedKind { shape, as_base64: properties.flag("finalizeAsBase64Binary", false)? };
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
    },
};

#[derive(Clone, Debug)]
struct FixedAggregator(Shape);

#[derive(Default)]
struct FixedCaches {
    reader: NumberReader<f64>,
    values: Vec<Option<f64>>,
}

impl Caches for FixedCaches {
    fn begin_segment(&mut self) {
        self.reader.begin_segment();
    }

    fn memory_bytes(&self) -> usize {
        self.reader.memory_bytes() + self.values.capacity() * size_of::<Option<f64>>()
    }
}

impl OwnedAggregator for FixedAggregator {
    type State = FixedBuckets;
    type Caches = FixedCaches;

    fn empty(&self) -> FixedBuckets {
        FixedBuckets::new(self.0)
    }

    fn fold(
        &self,
        caches: &mut FixedCaches,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        caches.values.clear();
        caches.reader.read(span, inputs.first(), &mut caches.values)?;
        let groups = span.local_groups();
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            states.update(span.base + groups.get(row), |state| match caches.values[row] {
                Some(value) => state.add(value),
                None => state.add_missing(),
            });
        });
        Ok(())
    }

    fn merge(&self, state: &mut FixedBuckets, other: &FixedBuckets) -> Result<()> {
        state.merge(other);
        Ok(())
    }

    fn state_bytes(&self, state: &FixedBuckets) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &FixedBuckets, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<FixedBuckets>> {
        let mut state = self.empty();
        state.merge(&FixedBuckets::decode(bytes)?);
        Ok(Some(state))
    }
}

/// `{type, name, fieldName, lowerLimit, upperLimit, numBuckets, outlierHandlingMode, finalizeAsBase64Binary}`.
#[derive(Clone, Debug)]
struct FixedKind {
    shape: Shape,
    as_base64: bool,
}

impl SketchKind for FixedKind {
    type Aggregator = FixedAggregator;

    fn aggregator(&self) -> FixedAggregator {
        FixedAggregator(self.shape)
    }

    fn tag(&self) -> &'static str {
        TAG
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(TAG)
    }

    fn extra_json(&self) -> Value {
        json!({"numBuckets": self.shape.num_buckets, "lowerLimit": self.shape.lower, "upperLimit": self.shape.upper,
            "outlierHandlingMode": self.shape.outliers.name(), "finalizeAsBase64Binary": self.as_base64})
    }

    fn lane(&self) -> Lane {
        Lane::Double
    }

    fn finalized_type(&self) -> ColumnType {
        self.state_type()
    }

    fn finalize(&self, states: &[FixedBuckets]) -> Result<Option<Finalized>> {
        if self.as_base64 {
            return encoded(&self.aggregator(), states).map(Some);
        }
        Ok(Some(Finalized::Json(states.iter().map(shown).collect())))
    }

    fn sort_keys(&self, states: &[FixedBuckets]) -> Option<Finalized> {
        Some(counts(states.iter().map(|state| state.count)))
    }
}

fn shown(state: &FixedBuckets) -> Value {
    json!({"lowerLimit": state.shape.lower, "upperLimit": state.shape.upper, "numBuckets": state.shape.num_buckets,
        "upperOutlierCount": state.num_above, "lowerOutlierCount": state.num_below,
        "missingValueCount": state.num_missing, "histogram": state.counts,
        "outlierHandlingMode": state.shape.outliers.name(), "count": state.count, "max": state.max.json(),
        "min": state.min.json()})
}
