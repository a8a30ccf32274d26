//! States that are shown as they are, also where others are finalized.

use std::sync::Arc;

use aggregate::{Accumulator, AggregatorSpec, ColumnType, Finalized, InputSpec};
use arrow_array::ArrayRef;
use arrow_schema::DataType;
use serde_json::Value;

/// An aggregator whose answer is its state.
#[derive(Debug)]
pub(super) struct Raw(pub Arc<dyn AggregatorSpec>);

impl AggregatorSpec for Raw {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn type_tag(&self) -> &'static str {
        self.0.type_tag()
    }

    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn inputs(&self) -> Vec<InputSpec> {
        self.0.inputs()
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> aggregate::Result<Box<dyn Accumulator>> {
        self.0.accumulator(columns)
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(Raw(self.0.merging()))
    }

    fn state_type(&self) -> ColumnType {
        self.0.state_type()
    }

    fn state_array_type(&self) -> DataType {
        self.0.state_array_type()
    }

    fn output_type(&self, _finalized: bool) -> ColumnType {
        self.0.output_type(false)
    }

    fn finalize(&self, states: &ArrayRef) -> aggregate::Result<Finalized> {
        self.0.unfinalized(states)
    }

    fn sort_keys(&self, states: &ArrayRef) -> aggregate::Result<Finalized> {
        self.0.sort_keys(states)
    }

    fn unfinalized(&self, states: &ArrayRef) -> aggregate::Result<Finalized> {
        self.0.unfinalized(states)
    }
}
