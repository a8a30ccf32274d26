//! `index_parallel`: native batch.

use serde_json::{Map, Value};

use super::{Kind, TaskKind};
use crate::Result;
use crate::spec::fields::Fields;
use crate::tasks::batch::{BatchSpec, commit};
use crate::tasks::context::TaskContext;
use crate::tasks::run::TaskRun;

pub(super) static KIND: Kind =
    Kind { tag: "index_parallel", parse: |fields, context| parse(fields, context, "index_parallel") };

struct Index {
    spec: BatchSpec,
}

pub(super) fn parse(fields: &Fields<'_>, context: &TaskContext, tag: &'static str) -> Result<Box<dyn TaskKind>> {
    let spec = BatchSpec::parse(fields.required("spec")?, tag, context.aggregators)?;
    spec.check()?;
    Ok(Box::new(Index { spec }))
}

impl TaskKind for Index {
    fn datasource(&self) -> &str {
        &self.spec.schema.data_source
    }

    fn to_json(&self) -> Map<String, Value> {
        Map::from_iter([("spec".to_owned(), self.spec.to_json())])
    }

    fn ignored(&self) -> &[String] {
        &self.spec.tuning.ignored
    }

    fn run(&self, run: &TaskRun) -> Result<usize> {
        commit(&self.spec, run)
    }
}
