//! `noop`: waits.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Kind, TaskKind};
use crate::Result;
use crate::spec::fields::Fields;
use crate::tasks::run::TaskRun;

pub(super) static KIND: Kind = Kind { tag: "noop", parse: |fields, _| parse(fields) };

const MAX_RUN_MS: i64 = 24 * 3_600_000;

struct Noop {
    datasource: String,
    run_ms: i64,
}

fn parse(fields: &Fields<'_>) -> Result<Box<dyn TaskKind>> {
    let datasource = fields.text("dataSource")?.unwrap_or_else(|| "none".to_owned());
    crate::spec::check_name(&datasource).map_err(|why| fields.wrong("dataSource", why))?;
    Ok(Box::new(Noop { datasource, run_ms: fields.long_within("runTime", 2500, 0, MAX_RUN_MS)? }))
}

impl TaskKind for Noop {
    fn datasource(&self) -> &str {
        &self.datasource
    }

    fn to_json(&self) -> Map<String, Value> {
        match json!({"runTime": self.run_ms, "isReadyTime": 0}) {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    fn run(&self, run: &TaskRun) -> Result<usize> {
        while run.duration_ms() < self.run_ms {
            run.check()?;
            let left = self.run_ms - run.duration_ms();
            run.pause(Duration::from_millis(left.clamp(1, 1000).unsigned_abs()));
        }
        run.check().map(|()| 0)
    }

    fn report(&self, _: &TaskRun) -> Option<Value> {
        None
    }
}
