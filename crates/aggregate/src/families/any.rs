//! The number of the first row met, null or not.

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
use crate::families::scalar::Scalar;
use crate::feed::Single;
use crate::input::{ColumnType, InputSpec};
use crate::properties::{Properties, check_numbers, lanes};
use crate::spec::{AggregatorSpec, Finalized};

/// Stored form: null if there was no row, no bytes for null, else the number's bytes.
#[derive(Clone, Debug)]
struct AnyNumber<T>(PhantomData<T>);

/// `None` before the first row.
type AnyState<T> = Option<Option<T>>;

impl<T: Scalar> Aggregator for AnyNumber<T> {
    type State = AnyState<T>;
    type Item = Option<T>;
    type Feed = Single<T>;

    fn feed(&self) -> Single<T> {
        Single::default()
    }

    fn empty(&self) -> AnyState<T> {
        None
    }

    #[inline(always)]
    fn update(&self, state: &mut AnyState<T>, item: Option<T>) {
        state.get_or_insert(item);
    }

    fn merge(&self, state: &mut AnyState<T>, other: &AnyState<T>) {
        *state = state.or(*other);
    }

    fn to_column(&self, states: Vec<AnyState<T>>) -> ArrayRef {
        let mut column = BinaryBuilder::new();
        let mut bytes = Vec::new();
        for state in states {
            bytes.clear();
            match state {
                None => column.append_null(),
                Some(None) => column.append_value(&bytes),
                Some(Some(value)) => {
                    value.encode(&mut bytes);
                    column.append_value(&bytes);
                }
            }
        }
        Arc::new(column.finish())
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<AnyState<T>>> {
        let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
        let column = column.ok_or(Error::corrupt("any", "is no binary column"))?;
        let read = |bytes: Option<&[u8]>| match bytes {
            None => Ok(None),
            Some([]) => Ok(Some(None)),
            Some(bytes) => match T::decode(bytes) {
                Some(value) => Ok(Some(Some(value))),
                None => Err(Error::corrupt("any", "has a value of another width")),
            },
        };
        column.iter().map(read).collect()
    }
}

/// `{type, name, fieldName}`.
#[derive(Clone, Debug)]
pub(crate) struct AnyNumberSpec<T> {
    tag: &'static str,
    name: String,
    column: String,
    number: PhantomData<T>,
}

impl<T: Scalar> AnyNumberSpec<T> {
    pub fn parse(json: &Value, tag: &'static str) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let name = properties.name().to_owned();
        let column = properties.required_text("fieldName")?;
        Ok(Arc::new(AnyNumberSpec::<T> { tag, name, column, number: PhantomData }))
    }
}

impl<T: Scalar> AggregatorSpec for AnyNumberSpec<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        self.tag
    }

    fn to_json(&self) -> Value {
        json!({"type": self.tag, "name": self.name, "fieldName": self.column})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        vec![InputSpec::Column(self.column.clone())]
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        check_numbers(&self.name, &self.inputs(), columns)?;
        Ok(Inline::boxed(AnyNumber::<T>(PhantomData), lanes(columns, T::LANE)))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(AnyNumberSpec::<T> { column: self.name.clone(), name: self.name.clone(), ..*self })
    }

    fn state_type(&self) -> ColumnType {
        T::COLUMN_TYPE
    }

    fn state_array_type(&self) -> DataType {
        DataType::Binary
    }

    fn output_type(&self, _finalized: bool) -> ColumnType {
        T::COLUMN_TYPE
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let states = AnyNumber::<T>(PhantomData).read_column(states.as_ref())?;
        Ok(T::column(states.into_iter().map(Option::flatten)))
    }
}
