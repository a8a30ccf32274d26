//! `tDigestSketch`: roughly the distribution of a number, most exact at its ends.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::Result;
use crate::families::number_sketch::Sketching;
use crate::families::sketch_spec::{SketchKind, SketchSpec};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::Properties;
use crate::sketches::tdigest::{MAX_COMPRESSION, TDigest};
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

/// `{type, name, fieldName, compression}`; the answer is the digest.
#[derive(Clone, Debug)]
struct TDigestKind {
    compression: i64,
}

impl SketchKind for TDigestKind {
    type Aggregator = Sketching<TDigest>;

    fn aggregator(&self) -> Sketching<TDigest> {
        Sketching { empty: TDigest::new(self.compression as f64) }
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
