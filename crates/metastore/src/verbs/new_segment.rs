use serde::{Deserialize, Serialize};
use timeline::{Interval, ShardSpec};

use crate::records::{Bundle, BundleKind, BundleState, Datasource, IntervalCounter, MetricSums, Segment};
use crate::table::{Filter, Tx};
use crate::verbs::guards::{Guarded, check_intent, invalid};
use crate::{Conflict, Result};

/// A segment as its writer knows it. Version and partition number are given by the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewSegment {
    /// Id of the announced object; the segment keeps it.
    pub bundle_id: String,
    /// Time chunk.
    pub interval: Interval,
    /// Its partition number is given by the store.
    pub shard_spec: ShardSpec,
    pub size: i64,
    /// SHA-256 of the object in hexadecimal.
    pub hash: String,
    pub rows: i64,
    /// Records folded into the rows.
    pub weight_sum: i64,
    /// Totals of every numeric sum metric.
    pub metric_sums: MetricSums,
    /// First and last row time, inclusive.
    pub min_time: i64,
    pub max_time: i64,
    /// What readers need to know of the schema, as JSON text.
    pub meta: String,
}

/// What a publishing verb recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Published {
    pub datasource_id: String,
    pub snapshot: i64,
    /// With their versions and partition numbers; match by `seg_id`, the id of the object given.
    pub segments: Vec<Segment>,
}

impl NewSegment {
    pub(crate) fn check(&self) -> Guarded<()> {
        let Interval { start, end } = self.interval;
        if start >= end {
            return Err(invalid("interval", format!("{} holds no instant", self.interval)));
        }
        if self.min_time < start || self.max_time >= end || self.min_time > self.max_time {
            let detail = format!("rows reach from {} to {}, outside the time chunk", self.min_time, self.max_time);
            return Err(invalid("min_time", detail));
        }
        if self.rows <= 0 || self.weight_sum < 0 || self.size <= 0 {
            return Err(invalid("rows", "rows and size are positive, weight is not negative"));
        }
        Ok(())
    }
}

/// Sum of weights; a sum beyond 64 bits is refused.
pub(crate) fn weights(segments: &[NewSegment]) -> Guarded<i64> {
    let sum = segments.iter().try_fold(0i64, |sum, segment| sum.checked_add(segment.weight_sum));
    sum.ok_or_else(|| invalid("weight_sum", "the sum is beyond 64 bits"))
}

/// Whether a chunk keeps its version or gets a new one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    Keep,
    Renew,
}

/// Gives ids to segments and makes them and their objects live as of `snapshot`.
pub(crate) async fn insert(
    tx: &mut Tx,
    datasource: &Datasource,
    segments: &[NewSegment],
    versions: Versions,
    created_by: &str,
    snapshot: i64,
) -> Guarded<Vec<Segment>> {
    let mut counters: Vec<IntervalCounter> = Vec::new();
    let mut rows = Vec::with_capacity(segments.len());
    for new in segments {
        new.check()?;
        let bundle = check_intent(tx, &new.bundle_id, &datasource.datasource_id).await?;
        if bundle.kind != BundleKind::Segment {
            return Err(Conflict::Bundle { bundle_id: bundle.bundle_id, state: Some(bundle.state) }.into());
        }
        let path = go_live(tx, bundle, new.size, &new.hash).await?.path;
        let at = match counters.iter().position(|c| c.start == new.interval.start && c.end == new.interval.end) {
            Some(at) => at,
            None => {
                counters.push(counter(tx, datasource, new, versions).await?);
                counters.len() - 1
            }
        };
        let counter = &mut counters[at];
        let (version, partition_num) = (counter.version, counter.next_partition);
        counter.next_partition =
            partition_num.checked_add(1).ok_or_else(|| invalid("interval", "partition numbers ran out"))?;
        rows.push(segment(datasource, new, path, (version, partition_num), created_by, snapshot, tx.now));
    }
    for counter in &counters {
        tx.put(counter).await?;
    }
    tx.add(&rows).await?;
    Ok(rows)
}

/// Makes an announced object live.
pub(crate) async fn go_live(tx: &mut Tx, mut bundle: Bundle, size: i64, hash: &str) -> Result<Bundle> {
    bundle.state = BundleState::Live;
    bundle.size = Some(size);
    bundle.hash = Some(hash.to_owned());
    tx.save(&bundle).await?;
    Ok(bundle)
}

/// The counter of the segment's chunk, with a version later than any before when it is renewed.
async fn counter(
    tx: &mut Tx,
    datasource: &Datasource,
    new: &NewSegment,
    versions: Versions,
) -> Guarded<IntervalCounter> {
    let filter = Filter::all()
        .eq_text("datasource_id", &datasource.datasource_id)
        .eq("start", new.interval.start)
        .eq("end", new.interval.end);
    let old: Option<IntervalCounter> = tx.one(filter).await?;
    Ok(match old {
        Some(old) if versions == Versions::Keep => old,
        old => IntervalCounter {
            datasource_id: datasource.datasource_id.clone(),
            start: new.interval.start,
            end: new.interval.end,
            version: old.map_or(tx.now, |old| tx.now.max(old.version.saturating_add(1))),
            next_partition: 0,
        },
    })
}

fn segment(
    datasource: &Datasource,
    new: &NewSegment,
    path: String,
    (version, partition_num): (i64, u32),
    created_by: &str,
    snapshot: i64,
    now: i64,
) -> Segment {
    Segment {
        seg_id: new.bundle_id.clone(),
        datasource_id: datasource.datasource_id.clone(),
        datasource: datasource.name.clone(),
        start: new.interval.start,
        end: new.interval.end,
        version,
        partition_num,
        shard_spec: placed(new.shard_spec.clone(), partition_num),
        path,
        size: new.size,
        hash: new.hash.clone(),
        rows: new.rows,
        weight_sum: new.weight_sum,
        metric_sums: new.metric_sums.clone(),
        min_time: new.min_time,
        max_time: new.max_time,
        meta: new.meta.clone(),
        created_by: created_by.to_owned(),
        added_at: snapshot,
        added_time: now,
        removed_at: None,
        removed_time: None,
        removed_why: None,
        removed_by: None,
        undone_by: None,
        restored_at: None,
    }
}

/// The shard spec with the partition number that was given.
fn placed(mut spec: ShardSpec, number: u32) -> ShardSpec {
    match &mut spec {
        ShardSpec::None {} if number == 0 => {}
        ShardSpec::None {} => return ShardSpec::Numbered { partition_num: number, partitions: 0 },
        ShardSpec::Numbered { partition_num, .. }
        | ShardSpec::Range { partition_num, .. }
        | ShardSpec::Single { partition_num, .. }
        | ShardSpec::Linear { partition_num }
        | ShardSpec::Tombstone { partition_num, .. } => *partition_num = number,
        ShardSpec::Hashed(hashed) => hashed.partition_num = number,
        ShardSpec::NumberedOverwrite { partition_id, .. } => *partition_id = number,
    }
    spec
}

/// The segments that a cut or job made, by time chunk and partition number.
pub(crate) async fn created_by(tx: &mut Tx, created_by: &str) -> Result<Vec<Segment>> {
    let filter = Filter::all().eq_text("created_by", created_by).up("start").up("end").up("partition_num");
    tx.find(filter).await
}
