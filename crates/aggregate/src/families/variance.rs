//! The variance of a number.

use std::marker::PhantomData;
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
use crate::feed::Number;
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::{Properties, lanes, unsupported};
use crate::sketches::variance::Variance;
use crate::spec::{AggregatorSpec, Finalized};

const STATE_TYPE: &str = "variance";

/// `{type, name, fieldName, inputType, estimator}`; without `inputType` numbers are read as their column has them.
#[derive(Clone, Debug)]
pub(crate) struct VarianceSpec {
    name: String,
    column: String,
    input: Option<VarianceInput>,
    estimator: Option<String>,
    /// Reads stored states only.
    folds: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum VarianceInput {
    Float,
    Double,
    Long,
    Variance,
}

const INPUTS: [(&str, VarianceInput); 4] = [
    ("float", VarianceInput::Float),
    ("double", VarianceInput::Double),
    ("long", VarianceInput::Long),
    ("variance", VarianceInput::Variance),
];

impl VarianceSpec {
    pub fn parse(json: &Value, folds: bool) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let input = properties.text("inputType")?.map(|text| {
            let known = INPUTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&text));
            known.map(|(_, input)| *input).ok_or_else(|| {
                properties.invalid("inputType", format!("is {text:?}, must be float, double, long or variance"))
            })
        });
        Ok(Arc::new(VarianceSpec {
            name: properties.name().to_owned(),
            column: properties.required_text("fieldName")?,
            input: input.transpose()?,
            estimator: properties.text("estimator")?,
            folds,
        }))
    }

    fn is_population(&self) -> bool {
        self.estimator.as_deref().is_some_and(|estimator| estimator.eq_ignore_ascii_case("population"))
    }

    fn states(&self, column: &ArrayRef) -> Result<Vec<Variance>> {
        read(column.as_ref())
    }
}

impl AggregatorSpec for VarianceSpec {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        if self.folds { "varianceFold" } else { "variance" }
    }

    fn to_json(&self) -> Value {
        let input = match self.input {
            _ if self.folds => "variance",
            None => "float",
            Some(input) => INPUTS.iter().find(|(_, known)| *known == input).map_or("float", |(name, _)| *name),
        };
        json!({"type": self.type_tag(), "name": self.name, "fieldName": self.column, "estimator": self.estimator,
            "inputType": input})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        vec![InputSpec::Column(self.column.clone())]
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        let column = columns.first().and_then(Option::as_ref);
        let wrong = match column {
            None => false,
            Some(ColumnType::State(name)) => **name != *STATE_TYPE,
            Some(_) => self.folds || self.input == Some(VarianceInput::Variance),
        };
        if let (true, Some(column_type)) = (wrong, column) {
            return Err(unsupported(&self.name, &self.inputs()[0], column_type));
        }
        Ok(match (self.input, column) {
            (Some(VarianceInput::Long), _) | (None, Some(ColumnType::Long)) => {
                Inline::boxed(Variances::<i64>(PhantomData), lanes(columns, Lane::Long))
            }
            (Some(VarianceInput::Float), _) | (None, Some(ColumnType::Float)) => {
                Inline::boxed(Variances::<f32>(PhantomData), lanes(columns, Lane::Float))
            }
            _ => Inline::boxed(Variances::<f64>(PhantomData), lanes(columns, Lane::Double)),
        })
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(VarianceSpec { column: self.name.clone(), folds: true, input: None, ..self.clone() })
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::state(STATE_TYPE)
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        if finalized { ColumnType::Double } else { self.state_type() }
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let population = self.is_population();
        let values = self.states(states)?.into_iter().map(|state| state.variance(population));
        Ok(Finalized::Double(values.collect::<Float64Array>()))
    }

    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        let texts = self.states(states)?.into_iter().map(|state| STANDARD.encode(state.encode()));
        Ok(Finalized::Text(StringArray::from_iter_values(texts)))
    }
}

/// A number type with its own product with a count.
trait Scaled: Number {
    fn double(self) -> f64;
    fn scaled(self, count: i64) -> f64;
}

impl Scaled for i64 {
    fn double(self) -> f64 {
        self as f64
    }

    fn scaled(self, count: i64) -> f64 {
        count.wrapping_mul(self) as f64
    }
}

impl Scaled for f64 {
    fn double(self) -> f64 {
        self
    }

    fn scaled(self, count: i64) -> f64 {
        count as f64 * self
    }
}

impl Scaled for f32 {
    fn double(self) -> f64 {
        self.into()
    }

    fn scaled(self, count: i64) -> f64 {
        (count as f32 * self).into()
    }
}

#[derive(Clone, Debug)]
struct Variances<T>(PhantomData<T>);

impl<T: Scaled + std::fmt::Debug> Aggregator for Variances<T> {
    type State = Variance;
    type Item = T;
    type Feed = T::Feed;

    fn feed(&self) -> T::Feed {
        T::Feed::default()
    }

    fn empty(&self) -> Variance {
        Variance::default()
    }

    #[inline(always)]
    fn update(&self, state: &mut Variance, item: T) {
        state.add(item.double(), |count| item.scaled(count));
    }

    fn merge(&self, state: &mut Variance, other: &Variance) {
        state.merge(other);
    }

    fn to_column(&self, states: Vec<Variance>) -> ArrayRef {
        let mut column = BinaryBuilder::new();
        states.iter().for_each(|state| column.append_value(state.encode()));
        Arc::new(column.finish())
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<Variance>> {
        read(column)
    }
}

fn read(column: &dyn Array) -> Result<Vec<Variance>> {
    let column = column.as_bytes_opt::<GenericBinaryType<i32>>();
    let column = column.ok_or(Error::corrupt(STATE_TYPE, "is no binary column"))?;
    column.iter().map(|bytes| bytes.map_or(Ok(Variance::default()), Variance::decode)).collect()
}
