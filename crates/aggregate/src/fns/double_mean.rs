//! `doubleMean`: the mean of a number.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use arrow_array::{Array, ArrayRef, Float64Array, StringArray};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::accumulator::{Accumulator, Inline};
use crate::aggregator::Aggregator;
use crate::error::{Error, Result};
use crate::feed::Numbers;
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::{Properties, lanes, unsupported};
use crate::spec::{AggregatorSpec, Finalized, Kind};

pub(super) static KIND: Kind = Kind {
    tag: "doubleMean",
    parse: |json| {
        let properties = Properties::new(json)?;
        let column = properties.required_text("fieldName")?;
        Ok(Arc::new(MeanSpec { name: properties.name().to_owned(), column }))
    },
};

const STATE_TYPE: &str = "doubleMean";

#[derive(Clone, Debug)]
struct MeanSpec {
    name: String,
    column: String,
}

impl AggregatorSpec for MeanSpec {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        "doubleMean"
    }

    fn to_json(&self) -> Value {
        json!({"type": "doubleMean", "name": self.name, "fieldName": self.column})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        vec![InputSpec::Column(self.column.clone())]
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        if let Some(Some(column_type @ ColumnType::State(_))) = columns.first()
            && *column_type != self.state_type()
        {
            return Err(unsupported(&self.name, &self.inputs()[0], column_type));
        }
        Ok(Inline::boxed(Mean, lanes(columns, Lane::Double)))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(MeanSpec { name: self.name.clone(), column: self.name.clone() })
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized { ColumnType::Double } else { self.state_type() }
    }

    /// No numbers have the mean 0.
    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let states = Mean.read_column(states.as_ref())?;
        let mean = |state: &MeanState| if state.count == 0 { 0.0 } else { state.sum / state.count as f64 };
        Ok(Finalized::Double(Float64Array::from_iter_values(states.iter().map(mean))))
    }

    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        let states = Mean.read_column(states.as_ref())?;
        Ok(Finalized::Text(StringArray::from_iter_values(states.iter().map(|state| STANDARD.encode(bytes(state))))))
    }
}

#[derive(Clone, Debug)]
struct Mean;

#[derive(Clone, Copy, Debug)]
struct MeanState {
    sum: f64,
    count: i64,
}

/// Stored form: the sum and the count, big endian.
fn bytes(state: &MeanState) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&state.sum.to_be_bytes());
    bytes[8..].copy_from_slice(&state.count.to_be_bytes());
    bytes
}

fn state(bytes: &[u8]) -> Option<MeanState> {
    let (sum, count) = bytes.split_first_chunk::<8>()?;
    Some(MeanState { sum: f64::from_be_bytes(*sum), count: i64::from_be_bytes(count.try_into().ok()?) })
}

impl Aggregator for Mean {
    type State = MeanState;
    type Item = f64;
    type Feed = Numbers<f64>;

    const COMMUTES: bool = true;

    /// Unlike elsewhere, a text that is no number counts as 0.
    fn feed(&self) -> Numbers<f64> {
        Numbers::with_unparsed(0.0)
    }

    fn empty(&self) -> MeanState {
        MeanState { sum: 0.0, count: 0 }
    }

    #[inline(always)]
    fn update(&self, state: &mut MeanState, item: f64) {
        state.sum += item;
        state.count += 1;
    }

    fn merge(&self, state: &mut MeanState, other: &MeanState) {
        state.sum += other.sum;
        state.count = state.count.wrapping_add(other.count);
    }

    fn to_column(&self, states: Vec<MeanState>) -> ArrayRef {
        let mut column = BinaryBuilder::new();
        states.iter().for_each(|state| column.append_value(bytes(state)));
        Arc::new(column.finish())
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<MeanState>> {
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt(STATE_TYPE, "is no binary column"))?;
        let read = |bytes: Option<&[u8]>| match bytes {
            None => Ok(self.empty()),
            Some(bytes) => state(bytes).ok_or(Error::corrupt(STATE_TYPE, "is not 16 bytes long")),
        };
        column.iter().map(read).collect()
    }
}
