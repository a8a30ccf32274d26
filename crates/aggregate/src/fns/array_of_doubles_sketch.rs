//! `arrayOfDoublesSketch`: roughly how many distinct values, and the sums of numbers that come with them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::families::sketch_spec::{SketchKind, SketchSpec, estimates};
use crate::families::tuples::TupleAggregator;
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::Properties;
use crate::sketches::tuple::{MAX_VALUES, Tuples};
use crate::spec::{Finalized, Kind};

const DEFAULT_ENTRIES: i64 = 4_096;
const STATE_TYPES: [&str; 3] = ["arrayOfDoublesSketch", "arrayOfDoublesSketchBuild", "arrayOfDoublesSketchMerge"];

pub(super) static KIND: Kind = Kind {
    tag: STATE_TYPES[0],
    parse: |json| {
        let properties = Properties::new(json)?;
        let k = usize::try_from(properties.integer("nominalEntries", DEFAULT_ENTRIES, 16..=1 << 26)?);
        let k = k.ok().filter(|k| k.is_power_of_two());
        let k = k.ok_or_else(|| properties.invalid("nominalEntries", "must be a power of two"))?;
        let metrics =
            properties.get("metricColumns").map(|_| properties.required_texts("metricColumns")).transpose()?;
        let known = metrics.as_ref().map_or(1, Vec::len);
        let num_values = properties.integer("numberOfValues", known as i64, 1..=MAX_VALUES as i64)? as usize;
        if metrics.is_some() && num_values != known {
            let reason = format!("is {num_values}, but there are {known} \"metricColumns\"");
            return Err(properties.invalid("numberOfValues", reason));
        }
        let mut inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        inputs.extend(metrics.iter().flatten().cloned().map(InputSpec::Column));
        let kind = TupleKind { k, num_values, metrics, should_finalize: properties.flag("shouldFinalize", true)? };
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind }))
    },
};

#[derive(Clone, Debug)]
struct TupleKind {
    k: usize,
    num_values: usize,
    /// Columns of the numbers; `None` where sketches are merged.
    metrics: Option<Vec<String>>,
    should_finalize: bool,
}

impl SketchKind for TupleKind {
    type Aggregator = TupleAggregator;

    fn aggregator(&self) -> TupleAggregator {
        TupleAggregator { k: self.k, num_values: self.num_values }
    }

    fn tag(&self) -> &'static str {
        STATE_TYPES[0]
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPES[0])
    }

    fn extra_json(&self) -> Value {
        let mut extra =
            json!({"nominalEntries": self.k, "metricColumns": self.metrics, "numberOfValues": self.num_values});
        if !self.should_finalize {
            extra["shouldFinalize"] = json!(false);
        }
        extra
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::Value(_) => false,
            ColumnType::State(name) => self.metrics.is_none() && STATE_TYPES.contains(&name.as_ref()),
            ColumnType::String => true,
            ColumnType::Long | ColumnType::Double | ColumnType::Float => self.metrics.is_some(),
        }
    }

    fn reads_encoded(&self) -> bool {
        self.metrics.is_none()
    }

    fn lanes(&self, columns: &[Option<ColumnType>]) -> Vec<Lane> {
        let missing = std::iter::once(Lane::Text).chain(std::iter::repeat(Lane::Double));
        columns.iter().zip(missing).map(|(column, missing)| column.as_ref().map_or(missing, Lane::from)).collect()
    }

    fn merging(&self) -> Self {
        TupleKind { metrics: None, ..self.clone() }
    }

    fn finalized_type(&self) -> ColumnType {
        if self.should_finalize { ColumnType::Double } else { self.state_type() }
    }

    fn finalize(&self, states: &[Tuples]) -> crate::error::Result<Option<Finalized>> {
        Ok(self.should_finalize.then(|| estimates(states.iter().map(Tuples::estimate), false)))
    }

    fn sort_keys(&self, states: &[Tuples]) -> Option<Finalized> {
        Some(estimates(states.iter().map(Tuples::estimate), false))
    }
}
