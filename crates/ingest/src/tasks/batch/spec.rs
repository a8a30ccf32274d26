//! The spec of a native batch task.

use std::sync::Arc;

use aggregate::Kind;
use serde_json::{Value, json};

use super::tuning::{Partitions, Tuning};
use crate::parse::{InputFormat, Numbering, Parser, parse_input_format};
use crate::spec::DataSchema;
use crate::spec::fields::Fields;
use crate::tasks::input::{InputSource, parse_input_source};
use crate::{Error, Result};

/// `spec` of an `index_parallel` or `index` task, as meant.
#[derive(Debug, Clone)]
pub(crate) struct BatchSpec {
    pub(crate) schema: Arc<DataSchema>,
    pub(crate) source: Arc<dyn InputSource>,
    pub(crate) format: Arc<dyn InputFormat>,
    pub(crate) append: bool,
    pub(crate) drop_existing: bool,
    pub(crate) tuning: Tuning,
    task_type: &'static str,
}

impl BatchSpec {
    /// Reads the `spec` of a task.
    pub(crate) fn parse(value: &Value, task_type: &'static str, kinds: &[&Kind]) -> Result<BatchSpec> {
        let fields = Fields::of(value, "spec")?;
        let schema = DataSchema::parse(fields.required("dataSchema")?, kinds)?;
        let io = Fields::of(fields.required("ioConfig")?, "ioConfig")?;
        let source = parse_input_source(io.required("inputSource")?, "ioConfig.inputSource")?;
        let format = parse_input_format(io.required("inputFormat")?, "ioConfig.inputFormat")?;
        let tuning_json = fields.get("tuningConfig").map(|value| Fields::of(value, "tuningConfig")).transpose()?;
        let tuning = Tuning::parse(tuning_json, task_type)?;
        let append = io.boolean("appendToExisting", false)?;
        let drop_existing = io.boolean("dropExisting", false)?;
        if append && drop_existing {
            return Err(io.wrong("dropExisting", "must not be true together with appendToExisting"));
        }
        if append && !matches!(tuning.partitions, Partitions::Dynamic { .. }) {
            let reason = "Perfect rollup cannot be guaranteed when appending to existing dataSources";
            return Err(Error::invalid("tuningConfig.forceGuaranteedRollup", reason));
        }
        if drop_existing && schema.granularity.intervals.is_empty() {
            return Err(io.wrong("dropExisting", "needs intervals in the granularitySpec"));
        }
        Ok(BatchSpec { schema: Arc::new(schema), source, format, append, drop_existing, tuning, task_type })
    }

    /// Fails when a transform, filter or metric cannot be run.
    pub(crate) fn check(&self) -> Result<()> {
        Parser::new(self.schema.clone(), self.format.clone(), Numbering::Lines).map(|_| ())
    }

    /// The spec with its defaults.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "dataSchema": self.schema.to_json(),
            "ioConfig": {
                "type": self.task_type,
                "inputSource": self.source.to_json(),
                "inputFormat": self.format.to_json(),
                "appendToExisting": self.append,
                "dropExisting": self.drop_existing,
            },
            "tuningConfig": self.tuning.to_json(),
        })
    }
}
