//! Names, types and roles of the columns of a segment, and how its rows came to be.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aggregate::ColumnType;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, MultiValueHandling, Result};

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Time,
    Dimension,
    Metric,
    /// Not shown to clients.
    Hidden,
}

/// One column as a schema names it.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSchema {
    pub name: Arc<str>,
    pub column_type: ColumnType,
    /// Some row holds more than one value.
    pub multi_value: bool,
    pub role: Role,
}

/// The columns of a segment: `__time` first, dimensions in declared order, metrics, then hidden ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    columns: Vec<ColumnSchema>,
    by_name: HashMap<Arc<str>, usize>,
}

impl Schema {
    /// Fails when a name occurs twice.
    pub fn new(columns: Vec<ColumnSchema>) -> Result<Self> {
        let mut by_name = HashMap::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            if by_name.insert(column.name.clone(), at).is_some() {
                return Err(Error::invalid(format!("column '{}' occurs twice", column.name)));
            }
        }
        Ok(Self { columns, by_name })
    }

    /// All columns, hidden ones included.
    pub fn columns(&self) -> &[ColumnSchema] {
        &self.columns
    }

    /// What clients may see: `__time`, dimensions, metrics.
    pub fn visible(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.columns.iter().filter(|c| c.role != Role::Hidden)
    }

    pub fn dimensions(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.columns.iter().filter(|c| c.role == Role::Dimension)
    }

    pub fn metrics(&self) -> impl Iterator<Item = &ColumnSchema> {
        self.columns.iter().filter(|c| c.role == Role::Metric)
    }

    pub fn get(&self, name: &str) -> Option<&ColumnSchema> {
        self.position(name).and_then(|at| self.columns.get(at))
    }

    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

/// How the rows came to be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SegmentMetadata {
    /// The metricsSpec entries, as JSON, in the order of the metric columns; see `unfiltered`.
    pub aggregators: Vec<Value>,
    pub timestamp_spec: Option<Value>,
    pub query_granularity: Option<Value>,
    pub rollup: Option<bool>,
    /// Of the text dimensions whose lists are not merely sorted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub multi_value_handling: BTreeMap<String, MultiValueHandling>,
    /// Rows may still be added after this view of them.
    #[serde(skip)]
    pub is_live: bool,
}

/// The aggregator of a metricsSpec entry that folds its column, and the filter of an entry of type `filtered`:
/// such a column is folded further without the filter.
pub fn unfiltered(entry: &Value) -> (&Value, Option<&Value>) {
    match (entry.get("type").and_then(Value::as_str), entry.get("aggregator")) {
        (Some("filtered"), Some(inner)) => (inner, Some(entry.get("filter").unwrap_or(&Value::Null))),
        _ => (entry, None),
    }
}
