//! `dataSchema`: what the rows of a datasource look like.

use aggregate::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::dimensions::DimensionsSpec;
use super::fields::Fields;
use super::granularity::GranularitySpec;
use super::metrics::{Metric, parse_metrics};
use super::timestamp::TimestampSpec;
use super::transform::TransformSpec;
use crate::Result;

/// The name of the time column.
pub const TIME_COLUMN: &str = "__time";

/// A `dataSchema` as meant.
#[derive(Debug, Clone)]
pub struct DataSchema {
    /// Name of the datasource.
    pub data_source: String,
    /// Where a row's time comes from.
    pub timestamp: TimestampSpec,
    /// Which dimensions rows have.
    pub dimensions: DimensionsSpec,
    /// What rows are folded into.
    pub metrics: Vec<Metric>,
    /// How time is cut.
    pub granularity: GranularitySpec,
    /// What is computed, and which rows are kept.
    pub transform: TransformSpec,
}

impl DataSchema {
    /// Reads the `dataSchema` of `spec`. Aggregators may be of the built-in kinds or of `kinds`.
    pub fn parse(value: &Value, kinds: &[&Kind]) -> Result<DataSchema> {
        DataSchema::parse_at(value, "dataSchema", kinds, true)
    }

    /// As [`DataSchema::parse`], without a `timestampSpec` being required.
    pub fn parse_sample(value: &Value, kinds: &[&Kind]) -> Result<DataSchema> {
        DataSchema::parse_at(value, "dataSchema", kinds, false)
    }

    fn parse_at(value: &Value, path: &str, kinds: &[&Kind], strict: bool) -> Result<DataSchema> {
        let fields = Fields::of(value, path)?;
        let data_source = match fields.text("dataSource")? {
            Some(name) => name,
            None if strict => return Err(fields.wrong("dataSource", "must not be null")),
            None => String::from("sample"),
        };
        if let Err(reason) = check_name(&data_source) {
            return Err(fields.wrong("dataSource", reason));
        }
        if strict && fields.get("timestampSpec").is_none() {
            return Err(fields.wrong("timestampSpec", "is required"));
        }
        let schema = DataSchema {
            data_source,
            timestamp: TimestampSpec::parse(fields.object("timestampSpec")?, "timestamp")?,
            dimensions: DimensionsSpec::parse(fields.object("dimensionsSpec")?)?,
            metrics: parse_metrics(fields.list("metricsSpec")?, &fields.path("metricsSpec"), kinds)?,
            granularity: GranularitySpec::parse(fields.object("granularitySpec")?)?,
            transform: TransformSpec::parse(fields.object("transformSpec")?)?,
        };
        schema.check_columns(&fields)?;
        Ok(schema)
    }

    /// Filters of the metrics that have one, by metric.
    pub fn filters(&self) -> BTreeMap<String, Value> {
        let filtered = |metric: &Metric| Some((metric.name.clone(), metric.filter.clone()?));
        self.metrics.iter().filter_map(filtered).collect()
    }

    fn check_columns(&self, fields: &Fields<'_>) -> Result<()> {
        for (at, metric) in self.metrics.iter().enumerate() {
            let path = format!("metricsSpec[{at}].name");
            if metric.name == TIME_COLUMN {
                return Err(fields.wrong(&path, "must not be [__time]"));
            }
            if self.dimensions.dimensions.iter().any(|dimension| dimension.name == metric.name) {
                return Err(fields.wrong(&path, format!("[{}] is a dimension and a metric", metric.name)));
            }
        }
        let timed = self.dimensions.dimensions.iter().position(|dimension| dimension.name == TIME_COLUMN);
        match timed {
            Some(at) => {
                let path = format!("dimensionsSpec.dimensions[{at}].name");
                Err(fields.wrong(&path, "[__time] is the time of the row, never a dimension"))
            }
            None => Ok(()),
        }
    }

    /// Fields that discovery leaves alone: those excluded, the time, metrics and what they read.
    pub fn exclusions(&self) -> Vec<String> {
        let mut names = self.dimensions.exclusions.clone();
        names.push(TIME_COLUMN.to_owned());
        names.push(self.timestamp.column.clone());
        for metric in &self.metrics {
            names.push(metric.name.clone());
            names.extend(metric.fields());
        }
        names.retain(|name| self.dimensions.dimensions.iter().all(|dimension| &dimension.name != name));
        names.sort();
        names.dedup();
        names
    }

    /// The schema with its defaults.
    pub fn to_json(&self) -> Value {
        json!({
            "dataSource": self.data_source,
            "timestampSpec": self.timestamp.to_json(),
            "dimensionsSpec": {
                "dimensions": self.dimensions.dimensions.iter().map(|d| d.to_json()).collect::<Vec<_>>(),
                "dimensionExclusions": self.exclusions(),
                "includeAllDimensions": self.dimensions.include_all,
                "useSchemaDiscovery": self.dimensions.use_schema_discovery,
            },
            "metricsSpec": self.metrics.iter().map(Metric::to_json).collect::<Vec<_>>(),
            "granularitySpec": self.granularity.to_json(),
            "transformSpec": self.transform.to_json(),
        })
    }
}

/// Checks the name of a datasource or supervisor.
pub fn check_name(name: &str) -> std::result::Result<(), String> {
    if name.is_empty() {
        return Err("must not be null".to_owned());
    }
    if name.len() > 255 {
        return Err("must not be longer than 255 bytes".to_owned());
    }
    if name.starts_with('.') {
        return Err(format!("Value [{name}] cannot start with '.'."));
    }
    if name.contains('/') {
        return Err(format!("Value [{name}] cannot contain '/'."));
    }
    if name.chars().any(|c| c.is_whitespace() && c != ' ') {
        return Err(format!("Value [{name}] contains illegal whitespace characters.  Only space is allowed."));
    }
    if name.chars().any(char::is_control) {
        return Err(format!("Value [{}] contains control characters.", name.escape_default()));
    }
    Ok(())
}
