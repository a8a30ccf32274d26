//! `metricsSpec`: what rows with the same key are folded into.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, InputSpec, Kind, parse_aggregator};
use serde_json::{Value, json};

use super::fields::{Fields, kind_of};
use crate::{Error, Result};

/// Metrics a spec may have.
const MAX_METRICS: usize = 500;

/// One metric; a `filtered` aggregator is its inner one with a filter that decides row by row.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Name of the column.
    pub name: String,
    /// What folds the rows.
    pub aggregator: Arc<dyn AggregatorSpec>,
    /// Rows that count; all without one.
    pub filter: Option<Value>,
}

impl Metric {
    fn parse(json: &Value, path: &str, kinds: &[&Kind]) -> Result<Metric> {
        let fields = Fields::of(json, path)?;
        let metric = if fields.text("type")?.as_deref() == Some("filtered") {
            Metric::filtered(&fields, kinds)?
        } else {
            let aggregator = parse_aggregator(json, kinds).map_err(|error| Error::invalid(path, error.to_string()))?;
            Metric { name: aggregator.name().to_owned(), aggregator, filter: None }
        };
        metric.check_readable(path)?;
        Ok(metric)
    }

    fn filtered(fields: &Fields<'_>, kinds: &[&Kind]) -> Result<Metric> {
        let mut inner_json = fields.required("aggregator")?.clone();
        if let (Some(name), Value::Object(inner)) = (fields.text("name")?, &mut inner_json)
            && !name.is_empty()
        {
            inner.insert("name".to_owned(), Value::from(name));
        }
        let inner = Metric::parse(&inner_json, &fields.path("aggregator"), kinds)?;
        if inner.filter.is_some() {
            return Err(fields.wrong("aggregator", "must not be [filtered] itself: join both filters by [and]"));
        }
        Ok(Metric { filter: Some(fields.required("filter")?.clone()), ..inner })
    }

    /// Refuses what rows of events cannot feed.
    fn check_readable(&self, path: &str) -> Result<()> {
        let types: Vec<Option<ColumnType>> = self.aggregator.inputs().iter().map(|_| None).collect();
        match self.aggregator.accumulator(&types) {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::invalid(path, error.to_string())),
        }
    }

    /// The names of the fields it reads.
    pub fn fields(&self) -> Vec<String> {
        let column = |input| match input {
            InputSpec::Column(name) => Some(name),
            InputSpec::Dimension(Value::String(name)) => Some(name),
            InputSpec::Dimension(spec) => spec.get("dimension").and_then(Value::as_str).map(str::to_owned),
            InputSpec::Expression(_) => None,
        };
        self.aggregator.inputs().into_iter().filter_map(column).collect()
    }

    /// The metric with its defaults.
    pub fn to_json(&self) -> Value {
        match &self.filter {
            None => self.aggregator.to_json(),
            Some(filter) => json!({
                "type": "filtered",
                "aggregator": self.aggregator.to_json(),
                "filter": filter,
                "name": self.name,
            }),
        }
    }
}

/// Reads a `metricsSpec`.
pub(crate) fn parse_metrics(list: &[Value], path: &str, kinds: &[&Kind]) -> Result<Vec<Metric>> {
    if list.len() > MAX_METRICS {
        return Err(Error::invalid(path, format!("has {} entries, at most {MAX_METRICS}", list.len())));
    }
    let mut metrics: Vec<Metric> = Vec::with_capacity(list.len());
    for (at, json) in list.iter().enumerate() {
        let path = format!("{path}[{at}]");
        if !json.is_object() {
            return Err(Error::invalid(path, format!("must be an object, not {}", kind_of(json))));
        }
        let metric = Metric::parse(json, &path, kinds)?;
        if metrics.iter().any(|other| other.name == metric.name) {
            return Err(Error::invalid(path, format!("metric [{}] is declared twice", metric.name)));
        }
        metrics.push(metric);
    }
    Ok(metrics)
}
