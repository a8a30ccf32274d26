//! `bloom`: a filter that the values met pass.

use std::sync::Arc;

use arrow_array::Array;
use serde_json::{Value, json};

use crate::aggregator::OwnedAggregator;
use crate::error::{Error, Result};
use crate::families::sketch_spec::{SketchKind, SketchSpec};
use crate::input::{ColumnType, Input, InputSpec};
use crate::owned::States;
use crate::properties::Properties;
use crate::sketches::bloom::{Bloom, double_hash, float_hash, long_hash, null_hash, text_hash};
use crate::span::{Span, for_each_row};
use crate::spec::{Finalized, Kind};

const DEFAULT_ENTRIES: i64 = 1_500;
const MAX_ENTRIES: i64 = 50_000_000;

pub(super) static KIND: Kind = Kind {
    tag: "bloom",
    parse: |json| {
        let properties = Properties::new(json)?;
        let input = match (properties.get("field"), properties.text("fieldName")?) {
            (Some(field @ (Value::String(_) | Value::Object(_))), _) => InputSpec::Dimension(field.clone()),
            (Some(_), _) => return Err(properties.invalid("field", "must be a dimension")),
            // So are stored filters merged.
            (None, Some(column)) => InputSpec::Column(column),
            (None, None) => {
                return Err(Error::MissingField { aggregator: properties.name().to_owned(), field: "field" });
            }
        };
        let entries = properties.integer("maxNumEntries", DEFAULT_ENTRIES, 1..=MAX_ENTRIES)?;
        let kind = BloomKind { entries: u32::try_from(entries).unwrap_or(u32::MAX) };
        Ok(Arc::new(SketchSpec { name: properties.name().to_owned(), inputs: vec![input], kind }))
    },
};

#[derive(Clone, Debug)]
struct BloomAggregator {
    entries: u32,
}

impl OwnedAggregator for BloomAggregator {
    type State = Bloom;
    type Caches = ();

    fn empty(&self) -> Bloom {
        Bloom::new(self.entries)
    }

    fn fold(&self, _: &mut (), span: &Span<'_>, inputs: &[Input<'_>], states: &mut States<'_, Self>) -> Result<()> {
        let Some(input) = inputs.first() else { return Ok(()) };
        let groups = span.local_groups();
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            let add = |hash: u64| states.update(span.base + groups.get(row), |state| state.add(hash));
            each_hash(input, span.start + row, add);
        });
        Ok(())
    }

    fn merge(&self, state: &mut Bloom, other: &Bloom) -> Result<()> {
        state.merge(other)
    }

    fn state_bytes(&self, state: &Bloom) -> usize {
        state.memory_bytes()
    }

    fn encode(&self, state: &Bloom, out: &mut Vec<u8>) -> Result<()> {
        state.encode(out);
        Ok(())
    }

    fn decode(&self, bytes: &[u8]) -> Result<Option<Bloom>> {
        Bloom::decode(bytes).map(Some)
    }
}

/// Nulls count as a value of their own; a column that is missing adds nothing but them.
fn each_hash(input: &Input<'_>, at: usize, mut add: impl FnMut(u64)) {
    match input {
        Input::Long(values) => add(if values.is_valid(at) { long_hash(values.value(at)) } else { null_hash() }),
        Input::Double(values) => add(if values.is_valid(at) { double_hash(values.value(at)) } else { null_hash() }),
        Input::Float(values) => add(if values.is_valid(at) { float_hash(values.value(at)) } else { null_hash() }),
        Input::Text { codes, dictionary } => add(dictionary.get(codes.get(at)).map_or(null_hash(), text_hash)),
        Input::Texts { offsets, codes, dictionary } => match offsets[at]..offsets[at + 1] {
            none if none.is_empty() => add(null_hash()),
            places => {
                for place in places {
                    add(dictionary.get(codes.get(place as usize)).map_or(null_hash(), text_hash));
                }
            }
        },
        Input::Absent => add(null_hash()),
        Input::Numbers { .. } | Input::Packed(_) | Input::State(_) => {}
    }
}

/// `{type, name, field, maxNumEntries}`; the answer is the filter.
#[derive(Clone, Debug)]
struct BloomKind {
    entries: u32,
}

impl SketchKind for BloomKind {
    type Aggregator = BloomAggregator;

    fn aggregator(&self) -> BloomAggregator {
        BloomAggregator { entries: self.entries }
    }

    fn tag(&self) -> &'static str {
        "bloom"
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state("bloom")
    }

    fn extra_json(&self) -> Value {
        json!({"maxNumEntries": self.entries})
    }

    fn finalized_type(&self) -> ColumnType {
        self.state_type()
    }

    fn finalize(&self, _states: &[Bloom]) -> Result<Option<Finalized>> {
        Ok(None)
    }
}
