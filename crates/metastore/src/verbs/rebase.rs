use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::records::{Lane, LaneId, SnapshotKind, Source};
use crate::store::{Context, Verb};
use crate::table::Tx;
use crate::verbs::guards::{Guarded, audit, find_datasource, find_source, invalid, next_snapshot, outcome};
use crate::verbs::open::{generation, new_lane};
use crate::{Conflict, Outcome, Result};

/// Start a new generation of a source, by an operator's decision. Lanes named in `starts` begin there;
/// the others go on at their `next_offset`, or are left out when `forget_others` is set, to be opened
/// anew. Rows of the old generation stay. Key: source and its present generation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rebase {
    pub source_id: String,
    pub expected_gen: i64,
    pub starts: Vec<(i32, i64)>,
    pub forget_others: bool,
    /// New identity of the topic; absent keeps what is known, but no topic is known by the id that it has in another
    /// cluster.
    pub cluster_id: Option<String>,
    pub topic_uuid: Option<String>,
    pub by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rebased {
    pub source: Source,
    pub lanes: Vec<Lane>,
}

impl Rebase {
    /// Lanes of the next generation.
    async fn new_lanes(&self, tx: &mut Tx, source_gen: i64) -> Guarded<Vec<Lane>> {
        let mut starts = std::collections::BTreeMap::new();
        if !self.forget_others {
            let old: Vec<Lane> = tx.find(generation(&self.source_id, self.expected_gen)).await?;
            starts.extend(old.into_iter().map(|lane| (lane.partition, lane.next_offset)));
        }
        for &(partition, start) in &self.starts {
            if partition < 0 || start < 0 {
                return Err(invalid("starts", format!("partition {partition} at {start}")));
            }
            starts.insert(partition, start);
        }
        let id = |partition| LaneId { source_id: self.source_id.clone(), source_gen, partition };
        Ok(starts.into_iter().map(|(partition, start)| new_lane(id(partition), start)).collect())
    }

    pub(super) async fn guarded(&self, tx: &mut Tx) -> Guarded<Outcome<Rebased>> {
        let mut source = find_source(tx, &self.source_id).await?;
        let next = self.expected_gen.saturating_add(1);
        if source.source_gen == next {
            let lanes: Vec<Lane> = tx.find(generation(&self.source_id, next)).await?;
            let same = |&(partition, start)| {
                lanes.iter().any(|lane| lane.partition == partition && lane.start_offset == start)
            };
            if self.starts.iter().all(same) {
                return Ok(Outcome::AlreadyDone(Rebased { source, lanes }));
            }
        }
        if source.source_gen != self.expected_gen {
            let what = format!("generation of source [{}]", self.source_id);
            return Err(Conflict::Version { what, current: source.source_gen, expected: self.expected_gen }.into());
        }
        let lanes = self.new_lanes(tx, next).await?;
        source.source_gen = next;
        let is_elsewhere = self.cluster_id.is_some() && self.cluster_id != source.cluster_id;
        let known = source.topic_uuid.take().filter(|_| !is_elsewhere);
        source.topic_uuid = self.topic_uuid.clone().or(known);
        source.cluster_id = self.cluster_id.clone().or(source.cluster_id);
        tx.save(&source).await?;
        tx.add(&lanes).await?;
        let mut datasource = find_datasource(tx, &source.datasource_id).await?;
        next_snapshot(tx, &mut datasource, SnapshotKind::Rebase, &self.by).await?;
        audit(tx, "rebase", &self.source_id, &self.by, format!("generation {next}")).await?;
        Ok(Outcome::Done(Rebased { source, lanes }))
    }
}

#[async_trait]
impl Verb for Rebase {
    type Output = Rebased;

    async fn run(&self, tx: &mut Tx, _: &Context) -> Result<Outcome<Rebased>> {
        outcome(self.guarded(tx).await)
    }
}
