//! `cardinality`: roughly how many distinct values, or rows of values, by Druid's own HyperLogLog.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use arrow_array::{Array, ArrayRef, StringArray};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dialect::utf16;
use serde_json::{Value, json};

use crate::accumulator::Accumulator;
use crate::aggregator::OwnedAggregator;
use crate::error::{Error, Result};
use crate::families::druid_hll::{DruidHll, STATE_TYPE, ValueBytes, merging};
use crate::families::hashing::Hashing;
use crate::families::sketch_spec::{estimate_type, estimates};
use crate::input::{ColumnType, Input, InputSpec, Lane};
use crate::owned::{Owned, States};
use crate::properties::{Properties, lanes, unsupported};
use crate::sketches::druid_hll::{Collector, Mark, double_bits, float_bits};
use crate::span::{Span, for_each_row};
use crate::spec::{AggregatorSpec, Finalized, Kind};

pub(super) static KIND: Kind = Kind {
    tag: "cardinality",
    parse: |json| {
        let properties = Properties::new(json)?;
        let fields = properties.get("fields").or_else(|| properties.get("fieldNames"));
        let fields = match fields {
            Some(Value::Array(fields)) => fields.clone(),
            Some(field @ (Value::String(_) | Value::Object(_))) => vec![field.clone()],
            Some(_) => return Err(properties.invalid("fields", "must be a list of dimensions")),
            None => return Err(Error::MissingField { aggregator: properties.name().to_owned(), field: "fields" }),
        };
        if let Some(field) = fields.iter().find(|field| !field.is_string() && !field.is_object()) {
            return Err(properties.invalid("fields", format!("holds {field}, which is no dimension")));
        }
        let (by_row, round) = (properties.flag("byRow", false)?, properties.flag("round", false)?);
        Ok(Arc::new(CardinalitySpec { name: properties.name().to_owned(), fields, by_row, round }))
    },
};

#[derive(Clone, Debug)]
struct CardinalitySpec {
    name: String,
    fields: Vec<Value>,
    by_row: bool,
    round: bool,
}

impl CardinalitySpec {
    fn collectors(&self, states: &ArrayRef) -> Result<Vec<Collector>> {
        let column = states.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt("cardinality", "is no binary column"))?;
        column.iter().map(|bytes| Collector::decode(bytes.unwrap_or_default())).collect()
    }
}

impl AggregatorSpec for CardinalitySpec {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        "cardinality"
    }

    fn to_json(&self) -> Value {
        json!({"type": "cardinality", "name": self.name, "fields": self.fields, "byRow": self.by_row,
            "round": self.round})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        self.fields.iter().cloned().map(InputSpec::Dimension).collect()
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        for (input, column) in self.inputs().iter().zip(columns) {
            if let Some(column_type @ ColumnType::State(_)) = column {
                return Err(unsupported(&self.name, input, column_type));
            }
        }
        let lanes = lanes(columns, Lane::Text);
        Ok(match self.by_row {
            true => Owned::boxed(RowCardinality, lanes),
            false => Owned::boxed(Hashing(DruidHll(ValueBytes::Native)), lanes),
        })
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        merging(&self.name, self.round)
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized { estimate_type(self.round) } else { self.state_type() }
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        Ok(estimates(self.collectors(states)?.iter().map(Collector::estimate), self.round))
    }

    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        let text = |collector: &Collector| {
            let mut bytes = Vec::new();
            collector.encode(&mut bytes);
            STANDARD.encode(bytes)
        };
        Ok(Finalized::Text(self.collectors(states)?.iter().map(text).map(Some).collect::<StringArray>()))
    }
}

/// Counts distinct rows: the values of a row are hashed together, a zero byte between the fields.
#[derive(Clone, Debug)]
struct RowCardinality;

impl OwnedAggregator for RowCardinality {
    type State = Collector;
    type Caches = ();

    fn empty(&self) -> Collector {
        Collector::default()
    }

    fn fold(
        &self,
        _caches: &mut (),
        span: &Span<'_>,
        inputs: &[Input<'_>],
        states: &mut States<'_, Self>,
    ) -> Result<()> {
        if inputs.iter().all(|input| matches!(input, Input::Absent)) {
            return Ok(());
        }
        let groups = span.local_groups();
        let mut bytes = Vec::new();
        for_each_row(span.num_rows(), span.local_rows(), |row| {
            bytes.clear();
            for (at, input) in inputs.iter().enumerate() {
                if at > 0 {
                    bytes.push(0);
                }
                append(input, span.start + row, &mut bytes);
            }
            states.update(span.base + groups.get(row), |state| state.add(Mark::of_bytes(&bytes)));
        });
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

    fn decode(&self, bytes: &[u8]) -> Result<Option<Collector>> {
        Collector::decode(bytes).map(Some)
    }
}

/// Appends the bytes of a row's value; null has none.
fn append(input: &Input<'_>, row: usize, out: &mut Vec<u8>) {
    match input {
        Input::Long(column) if column.is_valid(row) => out.extend_from_slice(&column.value(row).to_le_bytes()),
        Input::Double(column) if column.is_valid(row) => {
            out.extend_from_slice(&double_bits(column.value(row)).to_le_bytes());
        }
        Input::Float(column) if column.is_valid(row) => {
            out.extend_from_slice(&float_bits(column.value(row)).to_le_bytes());
        }
        Input::Text { codes, dictionary } => append_text(dictionary.get(codes.get(row)).unwrap_or_default(), out),
        Input::Texts { offsets, codes, dictionary } => {
            let places = offsets[row] as usize..offsets[row + 1] as usize;
            let mut values: Vec<Option<&str>> = places.map(|place| dictionary.get(codes.get(place))).collect();
            values.sort_unstable_by(|one, other| dialect::order::compare_nullable(*one, *other));
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    append_text("\u{1}", out);
                }
                append_text(value.unwrap_or_default(), out);
            }
        }
        Input::Long(_) | Input::Double(_) | Input::Float(_) => {}
        Input::Numbers { .. } | Input::Packed(_) | Input::State(_) | Input::Absent => {}
    }
}

fn append_text(text: &str, out: &mut Vec<u8>) {
    utf16::with_bytes(text, |bytes| out.extend_from_slice(bytes));
}
