//! Aggregators as written in queries and ingestion specs.

use std::fmt::Debug;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, Float64Array, Int64Array, StringArray};
use arrow_schema::DataType;
use serde_json::Value;

use crate::accumulator::Accumulator;
use crate::error::{Error, Result};
use crate::input::{ColumnType, InputSpec};

/// A parsed aggregator.
pub trait AggregatorSpec: Send + Sync + Debug {
    fn name(&self) -> &str;
    fn type_tag(&self) -> &'static str;
    /// The long form, as it was meant.
    fn to_json(&self) -> Value;

    /// What it reads; for first and last kinds the time column comes last.
    fn inputs(&self) -> Vec<InputSpec>;

    /// Whether it takes values of any type for what they are, so that a field of no declared type is given to it
    /// as three columns for its one input: the longs, the doubles and the texts, null where a value is another.
    fn reads_any_value(&self) -> bool {
        false
    }

    /// Binds it to columns of these types, one for each input; `None` is a missing column.
    fn accumulator(&self, columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>>;

    /// The aggregator that folds this one's stored output, under the same name.
    fn merging(&self) -> Arc<dyn AggregatorSpec>;

    /// The aggregator as roll-up folds it, where that is not as queries do.
    fn in_roll_up(&self) -> Option<Arc<dyn AggregatorSpec>> {
        None
    }

    /// Type of the column in which its states are stored.
    fn state_type(&self) -> ColumnType;

    /// Arrow type of the state columns of a fold.
    fn state_array_type(&self) -> DataType {
        match self.state_type() {
            ColumnType::Long => DataType::Int64,
            ColumnType::Double => DataType::Float64,
            ColumnType::Float => DataType::Float32,
            ColumnType::String => DataType::Utf8,
            ColumnType::State(_) => DataType::Binary,
            ColumnType::Value(_) => DataType::Utf8,
        }
    }

    fn output_type(&self, finalized: bool) -> ColumnType;

    /// The answers that states stand for.
    fn finalize(&self, states: &ArrayRef) -> Result<Finalized>;

    /// What rows are ordered by: the answers, unless the states themselves compare.
    fn sort_keys(&self, states: &ArrayRef) -> Result<Finalized> {
        self.finalize(states)
    }

    /// States as they are shown when they are not finalized.
    fn unfinalized(&self, states: &ArrayRef) -> Result<Finalized> {
        self.finalize(states)
    }

    /// For an aggregator whose answer depends on the dimensions grouped by: the one bound to them.
    fn for_grouping(&self, _dimensions: &[String]) -> Option<Arc<dyn AggregatorSpec>> {
        None
    }
}

/// A column ready to be printed or compared.
#[derive(Clone, Debug)]
pub enum Finalized {
    Long(Int64Array),
    Double(Float64Array),
    Float(Float32Array),
    Text(StringArray),
    Json(Vec<Value>),
}

/// An aggregator type: its tag and how it is read.
pub struct Kind {
    pub tag: &'static str,
    pub parse: fn(&Value) -> Result<Arc<dyn AggregatorSpec>>,
}

/// Reads an aggregator of the built-in kinds or of `more`.
pub fn parse_aggregator(json: &Value, more: &[&Kind]) -> Result<Arc<dyn AggregatorSpec>> {
    let name = json.get("name").and_then(Value::as_str).unwrap_or_default();
    let tag = match json.get("type") {
        Some(Value::String(tag)) => tag,
        None | Some(Value::Null) => return Err(Error::MissingField { aggregator: name.into(), field: "type" }),
        Some(_) => return Err(Error::invalid(name, "type", "must be a text")),
    };
    let mut kinds = crate::fns::KINDS.iter().chain(more);
    match kinds.find(|kind| kind.tag == tag) {
        Some(kind) => (kind.parse)(json),
        None => Err(Error::UnknownType { tag: tag.clone() }),
    }
}
