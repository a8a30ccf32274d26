//! `compact`: the segments of an interval written anew, with the same rows.

use serde_json::{Map, Value, json};

use super::{Kind, TaskKind};
use crate::Result;
use crate::spec::fields::Fields;
use crate::tasks::batch::{CompactSpec, compact};
use crate::tasks::run::TaskRun;

pub(super) static KIND: Kind = Kind {
    tag: "compact",
    parse: |fields: &Fields<'_>, _| Ok(Box::new(Compact { spec: CompactSpec::parse(fields)? })),
};

struct Compact {
    spec: CompactSpec,
}

impl TaskKind for Compact {
    fn datasource(&self) -> &str {
        &self.spec.datasource
    }

    fn to_json(&self) -> Map<String, Value> {
        self.spec.to_json()
    }

    fn ignored(&self) -> &[String] {
        &self.spec.ignored
    }

    fn run(&self, run: &TaskRun) -> Result<usize> {
        compact(&self.spec, run)
    }

    fn report(&self, run: &TaskRun) -> Option<Value> {
        let report = run.report();
        let mut payload = report.payload();
        payload["unparseableEvents"] = json!({});
        payload["segmentsRead"] = report.segments_read.into();
        Some(json!({
            "ingestionStatsAndErrors_0": {
                "type": "ingestionStatsAndErrors", "taskId": run.id(), "payload": payload,
            },
            "taskContext_0": {"type": "taskContext", "taskId": run.id(), "payload": self.context(run.id())},
        }))
    }

    fn context(&self, task_id: &str) -> Value {
        let mut context = crate::tasks::default_context();
        context["appenderatorTrackingTaskId"] = task_id.into();
        context["lookupLoadingMode"] = "NONE".into();
        context["storeCompactionState"] = true.into();
        context["priority"] = 25.into();
        context
    }
}
