//! `tDigestSketch`: roughly the distribution of a number, most exact at its ends.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::aggregator::{Caches, OwnedAggregator};
use crate::error::Result;
use crate::families::sketch_spec::{SketchKind, SketchSpec};
use crate::feed::{Feed, Numbers};
use crate::input::{ColumnType, Input, InputSpec, Lane};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::tdigest::{MAX_COMPRESSION, TDigest};
use crate::span::{Span, for_each_row};
use crate::spec::{Finalized, Kind};

const TAG: &str = "tDigestSketch";

pub(super) static KIND: Kind = Kind {
    tag: TAG,
    parse: |json| {
        let properties = Properties::new(json)?;
        let compression = properties.integer("compression", 100, 1..=MAX_COMPRESSION)?;
        let inputs = vec![InputSpec::Column(properties.required_text("fieldName")?)];
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs, kind: TDigestKind { compression } }))
    },
};

#[derive(Clone, Debug)]
struct TDigestAggregator {
    compression: f64,
}

#[derive(Default)]
struct TDigestCaches {
    numbers: Numbers<f64>,
}

impl Caches for TDigestCaches {
    fn begin_segment(&mut self) {
        // Forgets dictionaries; any column can be read.
        let _ = self.numbers.begin_segment(&[]);
    }

    fn memory_bytes(&self) -> usize {
        Feed::memory_bytes(&self.numbers)
    }
}

impl OwnedAggregator for TDigestAggregator {
    type State = TDigest;
    type Caches = TDigestCaches;

    fn empty(&self) -> TDigest {
        TDigest::new(self.compression)
    }

    fn fold(
        &self,
        caches: &mut TDigestCaches,
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

    fn merge(&self, state: &mut TDigest, other: &TDigest) -> Result<()> {
        state.merge(other);
        Ok(())
    }

    fn state_bytes(&self, state: &TDigest) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &TDigest, out: &mut Vec<u8>) -> Result<()> {
        let mut finished = state.clone();
        finished.compress();
        finished.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<TDigest>> {
        let mut state = self.empty();
        state.merge(&TDigest::decode(bytes)?);
        Ok(Some(state))
    }
}

/// `{type, name, fieldName, compression}`; the answer is the digest.
#[derive(Clone, Debug)]
struct TDigestKind {
    compression: i64,
}

impl SketchKind for TDigestKind {
    type Aggregator = TDigestAggregator;

    fn aggregator(&self) -> TDigestAggregator {
        TDigestAggregator { compression: self.compression as f64 }
    }

    fn tag(&self) -> &'static str {
        TAG
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(TAG)
    }

    fn extra_json(&self) -> Value {
        json!({"compression": self.compression})
    }

    fn reads(&self, column: &ColumnType) -> bool {
        match column {
            ColumnType::State(name) => **name == *TAG,
            _ => true,
        }
    }

    fn lane(&self) -> Lane {
        Lane::Double
    }

    fn finalized_type(&self) -> ColumnType {
        self.state_type()
    }

    fn finalize(&self, _states: &[TDigest]) -> Result<Option<Finalized>> {
        Ok(None)
    }
}
