//! The number of the earliest or latest row.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::GenericBinaryType;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use serde_json::{Value, json};

use crate::accumulator::{Accumulator, Inline};
use crate::aggregator::Aggregator;
use crate::error::{Error, Result};
use crate::families::at_end::AtEnd;
use crate::families::scalar::Scalar;
use crate::families::timed::{PairCodec, TimedProperties};
use crate::feed::{Timed, TimedItem};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::lanes;
use crate::spec::{AggregatorSpec, Finalized};

/// The number of the earliest (`LAST` false) or latest row. Of rows of one time, first keeps the one
/// seen first and last the one seen last.
#[derive(Clone, Debug)]
pub(crate) struct NumberAtEnd<T, const LAST: bool>(PhantomData<T>);

#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberState<T> {
    time: i64,
    value: Option<T>,
    seen: bool,
}

impl<T: Scalar, const LAST: bool> Aggregator for NumberAtEnd<T, LAST> {
    type State = NumberState<T>;
    type Item = TimedItem<T>;
    type Feed = Timed<T>;

    fn feed(&self) -> Timed<T> {
        Timed::default()
    }

    fn empty(&self) -> NumberState<T> {
        NumberState { time: 0, value: None, seen: false }
    }

    #[inline(always)]
    fn update(&self, state: &mut NumberState<T>, item: TimedItem<T>) {
        let replaces = if LAST { item.time >= state.time } else { item.time < state.time };
        if replaces || !state.seen {
            *state = NumberState { time: item.time, value: item.value, seen: true };
        }
    }

    fn merge(&self, state: &mut NumberState<T>, other: &NumberState<T>) {
        if other.seen {
            self.update(state, TimedItem { time: other.time, value: other.value });
        }
    }

    fn to_column(&self, states: Vec<NumberState<T>>) -> ArrayRef {
        let mut column = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for state in states {
            if !state.seen {
                column.append_null();
                continue;
            }
            bytes.clear();
            PairCodec::encode(state.time, state.value.is_some(), &mut bytes);
            if let Some(value) = state.value {
                value.encode(&mut bytes);
            }
            column.append_value(&bytes);
        }
        Arc::new(column.finish())
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<NumberState<T>>> {
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt("first/last", "is no binary column"))?;
        column.iter().map(|bytes| bytes.map_or(Ok(self.empty()), read_state)).collect()
    }
}

fn read_state<T: Scalar>(bytes: &[u8]) -> Result<NumberState<T>> {
    let (time, value) = PairCodec::decode(bytes)?;
    let value = match value {
        None => None,
        Some(bytes) => Some(T::decode(bytes).ok_or(Error::corrupt("first/last", "has a value of another width"))?),
    };
    Ok(NumberState { time, value, seen: true })
}

/// `{type, name, fieldName, timeColumn}`.
#[derive(Clone, Debug)]
pub(crate) struct NumberAtEndSpec<T, const LAST: bool> {
    tag: &'static str,
    properties: TimedProperties,
    number: PhantomData<T>,
}

impl<T: Scalar, const LAST: bool> NumberAtEndSpec<T, LAST> {
    pub fn parse(json: &Value, tag: &'static str) -> Result<Arc<dyn AggregatorSpec>> {
        Ok(Arc::new(Self { tag, properties: TimedProperties::parse(json)?, number: PhantomData }))
    }

    fn states(&self, column: &ArrayRef) -> Result<Vec<NumberState<T>>> {
        NumberAtEnd::<T, LAST>(PhantomData).read_column(column.as_ref())
    }
}

impl<T: Scalar, const LAST: bool> AggregatorSpec for NumberAtEndSpec<T, LAST> {
    fn name(&self) -> &str {
        &self.properties.name
    }

    fn type_tag(&self) -> &'static str {
        self.tag
    }

    fn to_json(&self) -> Value {
        self.properties.to_json(self.tag)
    }

    fn inputs(&self) -> Vec<InputSpec> {
        self.properties.inputs()
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        self.properties.check(columns, &self.state_type())?;
        let mut lanes = lanes(columns, T::LANE);
        lanes.truncate(1);
        lanes.push(Lane::Long);
        Ok(AtEnd::boxed(Inline::boxed(NumberAtEnd::<T, LAST>(PhantomData), lanes), LAST))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(Self { tag: self.tag, properties: self.properties.merging(), number: PhantomData })
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(match T::COLUMN_TYPE {
            ColumnType::Double => "serializablePairLongDouble",
            ColumnType::Float => "serializablePairLongFloat",
            ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                "serializablePairLongLong"
            }
        })
    }

    fn state_array_type(&self) -> DataType {
        DataType::Binary
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized { T::COLUMN_TYPE } else { self.state_type() }
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        Ok(T::column(self.states(states)?.into_iter().map(|state| state.value)))
    }

    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        let pair = |state: NumberState<T>| match state.seen {
            true => json!({"lhs": state.time, "rhs": state.value.map(Scalar::json)}),
            false => Value::Null,
        };
        Ok(Finalized::Json(self.states(states)?.into_iter().map(pair).collect()))
    }
}
