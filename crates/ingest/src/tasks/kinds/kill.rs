//! `kill`: deletes for good the segments of an interval that are not in use.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use metastore::{Conflict, Doom, Forget, Outcome, Segment};
use serde_json::{Map, Value, json};
use timeline::{Interval, instant};

use super::{Kind, TaskKind};
use crate::spec::fields::Fields;
use crate::tasks::batch::call;
use crate::tasks::run::TaskRun;
use crate::{Error, Result};

pub(super) static KIND: Kind = Kind { tag: "kill", parse: |fields, _| parse(fields) };

const MAX_BATCH: i64 = 10_000;
/// How long a segment is waited for that a query still reads.
const PATIENCE_MS: i64 = 60_000;

struct Kill {
    datasource: String,
    interval: Interval,
    /// Versions of the segments; `None` takes all.
    versions: Option<Vec<String>>,
    batch_size: usize,
    limit: Option<usize>,
    /// Segments out of use since later than this stay.
    not_after_ms: Option<i64>,
    num_killed: AtomicU64,
    num_batches: AtomicU64,
}

fn parse(fields: &Fields<'_>) -> Result<Box<dyn TaskKind>> {
    let datasource = fields.required_text("dataSource")?;
    crate::spec::check_name(&datasource).map_err(|why| fields.wrong("dataSource", why))?;
    let interval = Interval::parse(&fields.required_text("interval")?);
    let limit = match fields.long("limit")? {
        Some(limit) if limit < 1 => {
            return Err(fields.wrong("limit", format!("limit[{limit}] must be a positive integer.")));
        }
        limit => limit.and_then(|limit| usize::try_from(limit).ok()),
    };
    let not_after = fields.text("maxUsedStatusLastUpdatedTime")?;
    let not_after_ms = not_after.map(|text| instant::parse(&text)).transpose();
    Ok(Box::new(Kill {
        datasource,
        interval: interval.map_err(|error| fields.wrong("interval", error.to_string()))?,
        versions: fields.texts("versions")?,
        batch_size: fields.long_within("batchSize", 100, 1, MAX_BATCH)?.unsigned_abs() as usize,
        limit,
        not_after_ms: not_after_ms.map_err(|error| fields.wrong("maxUsedStatusLastUpdatedTime", error.to_string()))?,
        num_killed: AtomicU64::new(0),
        num_batches: AtomicU64::new(0),
    }))
}

impl TaskKind for Kill {
    fn datasource(&self) -> &str {
        &self.datasource
    }

    fn to_json(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("interval".to_owned(), self.interval.to_string().into());
        map.insert("versions".to_owned(), json!(self.versions));
        map.insert("batchSize".to_owned(), self.batch_size.into());
        map.insert("limit".to_owned(), json!(self.limit));
        map.insert("maxUsedStatusLastUpdatedTime".to_owned(), json!(self.not_after_ms.map(instant::text)));
        map
    }

    /// No segment is made live.
    fn run(&self, run: &TaskRun) -> Result<usize> {
        let mut left = self.limit.unwrap_or(usize::MAX);
        loop {
            let some = self.unused(run, self.batch_size.min(left))?;
            for segment in &some {
                run.check()?;
                kill(run, segment)?;
                self.num_killed.fetch_add(1, Ordering::Relaxed);
            }
            left -= some.len();
            self.num_batches.fetch_add(1, Ordering::Relaxed);
            if some.is_empty() || left == 0 {
                return Ok(0);
            }
        }
    }

    fn report(&self, run: &TaskRun) -> Option<Value> {
        let payload = json!({
            "numSegmentsKilled": self.num_killed.load(Ordering::Relaxed),
            "numBatchesProcessed": self.num_batches.load(Ordering::Relaxed),
        });
        let report = json!({"type": "killUnusedSegments", "taskId": run.id(), "payload": payload});
        Some(json!({"killUnusedSegments": report}))
    }
}

impl Kill {
    /// The first segments that are not in use.
    fn unused(&self, run: &TaskRun, most: usize) -> Result<Vec<Segment>> {
        let metastore = &run.context().metastore;
        let unavailable = |error: metastore::Error| Error::Unavailable(error.to_string());
        let Some(datasource) = run.wait(metastore.datasource(&self.datasource)).map_err(unavailable)? else {
            return Ok(Vec::new());
        };
        let all = run.wait(metastore.segments(&datasource.datasource_id)).map_err(unavailable)?;
        Ok(all.into_iter().filter(|segment| self.has(segment)).take(most).collect())
    }

    fn has(&self, segment: &Segment) -> bool {
        let Some(removed_ms) = segment.removed_time else { return false };
        self.interval.contains_interval(&segment.interval())
            && self.not_after_ms.is_none_or(|most| removed_ms <= most)
            && self.versions.as_ref().is_none_or(|versions| versions.contains(&segment.version_text()))
    }
}

/// Decides on the deletion, deletes, and forgets; each step may be repeated.
fn kill(run: &TaskRun, segment: &Segment) -> Result<()> {
    let (context, bundle_id) = (run.context(), segment.seg_id.clone());
    let doom = Doom { bundle_id: bundle_id.clone(), grace_ms: 0 };
    let started_ms = context.clock.now_ms();
    loop {
        match run.wait(context.metastore.doom(&doom)) {
            Outcome::Conflict(Conflict::TooEarly { .. })
                if context.clock.now_ms().saturating_sub(started_ms) < PATIENCE_MS =>
            {
                run.check()?;
                run.pause(Duration::from_millis(500));
            }
            other => {
                let mut answer = Some(other);
                let ask = || answer.take().unwrap_or_else(|| run.wait(context.metastore.doom(&doom)));
                call(run, ask)?;
                break;
            }
        }
    }
    let deleted = run.wait(context.storage.delete(&segment.path));
    deleted.map_err(|error| Error::Unavailable(error.to_string()))?;
    call(run, || run.wait(context.metastore.forget(&Forget { bundle_id: bundle_id.clone() })))?;
    run.log(&format!("deleted {}", segment.id()));
    Ok(())
}
