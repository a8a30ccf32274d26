//! `histogram`: how many values lie between each two of some breaks.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::aggregator::{Caches, OwnedAggregator};
use crate::error::Result;
use crate::families::scalar::Scalar;
use crate::families::sketch_spec::{SketchKind, SketchSpec, counts};
use crate::feed::{Feed, Numbers};
use crate::input::{ColumnType, Input, InputSpec, Lane};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::histogram::{Histogram, MAX_BREAKS};
use crate::span::{Span, for_each_row};
use crate::spec::{Finalized, Kind};

const TAG: &str = "histogram";

pub(super) static KIND: Kind = Kind {
    tag: TAG,
    parse: |json| {
        let properties = Properties::new(json)?;
        let wrong = || properties.invalid("breaks", "must be a list of one or more numbers that rise");
        let breaks = properties.get("breaks").and_then(Value::as_array).ok_or_else(wrong)?;
        let breaks: Vec<f32> = breaks
            .iter()
            .map(|value| value.as_f64().map(|value| value as f32))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        if breaks.is_empty() || breaks.len() > MAX_BREAKS || !breaks.is_sorted_by(|one, next| one < next) {
            return Err(wrong());
        }
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind: HistogramKind { breaks } }))
    },
};

#[derive(Clone, Debug)]
struct HistogramAggregator {
    breaks: Vec<f32>,
}

#[derive(Default)]
struct HistogramCaches {
    numbers: Numbers<f32>,
}

impl Caches for HistogramCaches {
    fn begin_segment(&mut self) {
        // Forgets dictionaries; any column can be read.
        let _ = self.numbers.begin_segment(&[]);
    }

    fn memory_bytes(&self) -> usize {
        Feed::memory_bytes(&self.numbers)
    }
}

impl OwnedAggregator for HistogramAggregator {
    type State = Histogram;
    type Caches = HistogramCaches;

    fn empty(&self) -> Histogram {
        Histogram::new(self.breaks.clone())
    }

    fn fold(
        &self,
        caches: &mut HistogramCaches,
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        let groups = span.local_groups();
        caches.numbers.feed(span, inputs, &mut |items, rows| {
            for_each_row(items.len(), rows, |row| {
                states.update(span.base + groups.get(row), |state| state.add(items[row]));
            });
            Ok(())
        })
    }

    fn merge(&self, state: &mut Histogram, other: &Histogram) -> Result<()> {
        state.merge(other)
    }

    fn state_bytes(&self, state: &Histogram) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Histogram, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<Histogram>> {
        Histogram::decode(bytes).map(Some)
    }
}

/// `{type, name, fieldName, breaks}`; shows the breaks, the counts between them, the smallest and greatest value.
#[derive(Clone, Debug)]
struct HistogramKind {
    breaks: Vec<f32>,
}

impl SketchKind for HistogramKind {
    type Aggregator = HistogramAggregator;

    fn aggregator(&self) -> HistogramAggregator {
        HistogramAggregator { breaks: self.breaks.clone() }
    }

    fn tag(&self) -> &'static str {
        TAG
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(TAG)
    }

    fn extra_json(&self) -> Value {
        json!({"breaks": self.breaks})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => **name == *TAG,
            _ => true,
        }
    }

    fn lane(&self) -> Lane {
        Lane::Float
    }

    fn finalized_type(&self) -> ColumnType {
        self.state_type()
    }

    fn finalize(&self, states: &[Histogram]) -> Result<Option<Finalized>> {
        Ok(Some(Finalized::Json(states.iter().map(shown).collect())))
    }

    fn sort_keys(&self, states: &[Histogram]) -> Option<Finalized> {
        Some(counts(states.iter().map(|state| state.counts.iter().sum())))
    }
}

fn shown(state: &Histogram) -> Value {
    let numbers = |values: &[f32]| values.iter().map(|value| value.json()).collect::<Value>();
    let between = &state.counts[1..state.counts.len() - 1];
    let between = between.iter().map(|count| Value::from(*count as f64)).collect::<Value>();
    json!({"breaks": numbers(&state.breaks), "counts": between, "quantiles": numbers(&[state.min, state.max])})
}
