//! What another spec would make of records that were read already.

use std::sync::Arc;
use std::time::Duration;

use metastore::LaneState;
use serde_json::{Value, json};

use super::spec::{SupervisorSpec, parser};
use super::unavailable;
use crate::parse::{Outcome, ParsedBatch, Parser};
use crate::source::{FetchedBatch, Partition, PollLimits, Reader, Source, SourceError};
use crate::{Error, IngestContext, Result};

/// The newest records of each lane, and of all lanes together.
const LANE_RECORDS: i64 = 1_000;
const ALL_RECORDS: i64 = 20_000;
const ALL_BYTES: usize = 64 << 20;
/// A log that does not answer holds no spec up.
const LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);
const MAX_POLLS: usize = 90;

/// What became of the records under one spec.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    indexed: u64,
    thrown_away: u64,
    unparseable: u64,
}

/// The same records under two specs.
pub(super) struct Replay {
    before: Counts,
    after: Counts,
    /// The first thing that the new spec could not read.
    reason: Option<String>,
}

impl Replay {
    /// Replays when the specs read records in different ways. `None` when they do not, or when there is nothing to
    /// replay.
    pub(super) async fn run(
        context: &IngestContext,
        present: &SupervisorSpec,
        next: &SupervisorSpec,
    ) -> Result<Option<Replay>> {
        let reads = |spec: &SupervisorSpec| {
            let part = |pointer: &str| spec.json.pointer(pointer).cloned();
            (part("/spec/dataSchema"), part("/spec/ioConfig/inputFormat"))
        };
        if reads(present) == reads(next) {
            return Ok(None);
        }
        let ends = ends(context, present).await?;
        if ends.is_empty() {
            return Ok(None);
        }
        let parsers = [parser(&present.schema, &present.io)?, parser(&next.schema, &next.io)?];
        let (properties, connect) = (next.client_properties(context)?, context.connect.clone());
        let replayed = super::blocking(move || {
            let source = connect(&properties)?;
            Ok(compare(&parsers, &newest(&*source, &ends)?))
        });
        let late = |_| Err(Error::Unavailable("the log does not answer in time".to_owned()));
        match tokio::time::timeout(LIMIT, replayed).await.unwrap_or_else(late) {
            Ok(replay) => Ok(Some(replay).filter(|replay| replay.before != Counts::default())),
            Err(error) => {
                tracing::warn!(supervisor = next.id, %error, "the spec is taken without a replay");
                Ok(None)
            }
        }
    }

    /// Whether the new spec can read nothing of what the present one reads.
    pub(super) fn check(&self) -> Result<()> {
        let reads = |counts: &Counts| counts.indexed + counts.thrown_away;
        if reads(&self.before) == 0 || reads(&self.after) > 0 {
            return Ok(());
        }
        let num = self.before.indexed + self.before.thrown_away + self.before.unparseable;
        let why = self.reason.as_deref().unwrap_or_default();
        Err(Error::Conflict(format!(
            "of the last {num} records the present spec reads {}, the new one none: {why}; post it with ?force=true \
             to take it nevertheless",
            reads(&self.before)
        )))
    }

    /// What is different, if anything is.
    pub(super) fn to_json(&self) -> Option<Value> {
        let pair = |before: u64, after: u64| json!({"before": before, "after": after});
        let (before, after) = (&self.before, &self.after);
        (before != after).then(|| {
            json!({
                "indexed": pair(before.indexed, after.indexed),
                "thrownAway": pair(before.thrown_away, after.thrown_away),
                "unparseable": pair(before.unparseable, after.unparseable),
            })
        })
    }
}

/// The committed offsets of lanes that can be read.
async fn ends(context: &IngestContext, spec: &SupervisorSpec) -> Result<Vec<(Partition, i64)>> {
    let mut ends = Vec::new();
    for source in context.metastore.sources(&spec.id).await.map_err(unavailable)? {
        if source.datasource != spec.datasource || !spec.io.choice.matches(&source.topic) {
            continue;
        }
        let topic: Arc<str> = source.topic.as_str().into();
        for lane in context.metastore.lanes(&source.source_id).await.map_err(unavailable)? {
            let is_read = matches!(lane.state, LaneState::Reading | LaneState::Paused);
            if is_read && lane.next_offset > 0 {
                ends.push((Partition::new(topic.clone(), lane.partition), lane.next_offset));
            }
        }
    }
    Ok(ends)
}

/// The records before the ends, as many as there are and as come in time.
fn newest(source: &dyn Source, ends: &[(Partition, i64)]) -> std::result::Result<Vec<FetchedBatch>, SourceError> {
    let lanes = i64::try_from(ends.len()).unwrap_or(i64::MAX).max(1);
    let each = LANE_RECORDS.min(ALL_RECORDS / lanes).max(1);
    let mut starts = Vec::with_capacity(ends.len());
    for (partition, end) in ends {
        let bounds = source.bounds(partition)?;
        let start = (end - each).max(bounds.earliest);
        if start < *end && *end <= bounds.end {
            starts.push((partition.clone(), start));
        }
    }
    let mut reader: Box<dyn Reader> = source.reader()?;
    reader.assign(&starts)?;
    let limits = PollLimits { max_records: usize::try_from(each).unwrap_or(1), timeout: POLL };
    let (mut found, mut bytes, mut num_polls) = (Vec::new(), 0, 0);
    while !starts.is_empty() && bytes < ALL_BYTES && num_polls < MAX_POLLS {
        num_polls += 1;
        let mut polled = Vec::new();
        reader.poll(limits, &mut polled)?;
        for batch in polled {
            let end = ends.iter().find(|(partition, _)| partition == batch.partition()).map_or(0, |(_, end)| *end);
            if batch.next_offset() >= end {
                starts.retain(|(partition, _)| partition != batch.partition());
            }
            bytes += batch.size_bytes();
            found.push(batch);
        }
    }
    Ok(found)
}

fn compare(parsers: &[Parser; 2], batches: &[FetchedBatch]) -> Replay {
    let [present, next] = parsers;
    let (mut before, mut after, mut reason) = (Counts::default(), Counts::default(), None);
    let (mut old, mut new) = (present.batch(), next.batch());
    for batch in batches {
        batch.with_raw(|raw| present.parse(raw, &mut old));
        before.take(&old);
        batch.with_raw(|raw| next.parse(raw, &mut new));
        after.take(&new);
        reason = reason.or_else(|| new.rejects().iter().find_map(|reject| reject.details.first().cloned()));
    }
    Replay { before, after, reason }
}

impl Counts {
    fn take(&mut self, parsed: &ParsedBatch) {
        for outcome in parsed.outcomes() {
            match outcome {
                Outcome::Indexed | Outcome::WithError => self.indexed += 1,
                Outcome::ThrownAway(_) => self.thrown_away += 1,
                Outcome::Unparseable(_) => self.unparseable += 1,
            }
        }
    }
}
