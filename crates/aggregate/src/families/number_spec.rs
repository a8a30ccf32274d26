//! The specification that all aggregators of one number have in common.

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use serde_json::{Value, json};

use crate::accumulator::{Accumulator, Inline};
use crate::aggregator::Aggregator;
use crate::error::{Error, Result};
use crate::input::{ColumnType, InputSpec, Lane};
use crate::properties::{Properties, check_numbers, lanes};
use crate::spec::{AggregatorSpec, Finalized};

/// `{type, name, fieldName | expression}` whose state and answer are a number of one type.
#[derive(Clone, Debug)]
pub(crate) struct NumberSpec<A> {
    pub tag: &'static str,
    pub name: String,
    pub input: InputSpec,
    pub output: ColumnType,
    pub aggregator: A,
}

impl<A: Aggregator> NumberSpec<A> {
    pub fn parse(
        json: &Value,
        tag: &'static str,
        output: ColumnType,
        aggregator: A,
    ) -> Result<Arc<dyn AggregatorSpec>> {
        let properties = Properties::new(json)?;
        let name = properties.name().to_owned();
        Ok(Arc::new(NumberSpec { tag, name, input: properties.number_input()?, output, aggregator }))
    }
}

impl<A: Aggregator> AggregatorSpec for NumberSpec<A> {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        self.tag
    }

    fn to_json(&self) -> Value {
        match &self.input {
            InputSpec::Column(column) => json!({"type": self.tag, "name": self.name, "fieldName": column}),
            InputSpec::Expression(text) => json!({"type": self.tag, "name": self.name, "expression": text}),
            InputSpec::Dimension(dimension) => json!({"type": self.tag, "name": self.name, "fieldName": dimension}),
        }
    }

    fn inputs(&self) -> Vec<InputSpec> {
        vec![self.input.clone()]
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        check_numbers(&self.name, &self.inputs(), columns)?;
        let missing = match self.output {
            ColumnType::Double => Lane::Double,
            ColumnType::Float => Lane::Float,
            ColumnType::Long | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => Lane::Long,
        };
        let lanes = lanes(columns, missing);
        Ok(match self.input {
            InputSpec::Expression(_) => Inline::boxed_for_expression(self.aggregator.clone(), lanes),
            InputSpec::Column(_) | InputSpec::Dimension(_) => Inline::boxed(self.aggregator.clone(), lanes),
        })
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(NumberSpec { input: InputSpec::Column(self.name.clone()), ..self.clone() })
    }

    fn state_type(&self) -> ColumnType {
        self.output.clone()
    }

    fn output_type(&self, _finalized: bool) -> ColumnType {
        self.output.clone()
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let finalized = match self.output {
            ColumnType::Long => states.as_primitive_opt().cloned().map(Finalized::Long),
            ColumnType::Double => states.as_primitive_opt().cloned().map(Finalized::Double),
            ColumnType::Float => states.as_primitive_opt().cloned().map(Finalized::Float),
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => None,
        };
        finalized.ok_or_else(|| Error::corrupt(self.tag, "is a column of another type"))
    }
}
