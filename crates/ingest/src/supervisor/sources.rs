//! Topics, partitions and lanes: what there is to read, and whether it is still what it was.

use metastore::{Assign, Authority, Lane, LaneClaim, LaneId, LaneState, Open, PlaceBarrier, Register, Skip};

use super::session::Session;
use super::status::partition_key;
use super::{refused, unavailable};
use crate::lane::{Command, Grant, fingerprint_of};
use crate::source::{Bounds, Partition, SourceError, Topic};
use crate::{Error, Result};

const OTHER_SOURCE: &str = "SourceChanged: the cluster or the topic is another one; reset to begin with it";
const FEWER_PARTITIONS: &str = "the topic has fewer partitions than before";

/// What a look at the source says about a lane.
enum Verdict {
    /// It can be read from here on.
    Good(i64),
    /// An operator is needed.
    Halt(String),
}

impl Session {
    /// Finds topics and partitions, takes lanes that nobody has, and gives them to the groups.
    pub(super) async fn discover(&mut self) -> Result<()> {
        let (source, choice) = (self.source.clone(), self.spec.io.choice.clone());
        let (cluster_id, topics) = self.shared.ask(move || Ok((source.cluster_id()?, source.topics(&choice)?))).await?;
        if topics.is_empty() {
            return Err(Error::NotFound(format!("no topic [{}]", self.spec.io.stream())));
        }
        let numbers = |topic: &Topic| {
            (0..topic.num_partitions).map(|number| Partition::new(topic.name.clone(), number)).collect::<Vec<_>>()
        };
        self.partitions = topics.iter().flat_map(numbers).collect();
        self.shared.status.lock().num_partitions = self.partitions.len();
        let mut grants = Vec::new();
        for topic in &topics {
            grants.extend(self.discover_topic(topic, cluster_id.as_deref()).await?);
        }
        if grants.is_empty() { Ok(()) } else { self.give(grants).await }
    }

    async fn discover_topic(&mut self, topic: &Topic, cluster_id: Option<&str>) -> Result<Vec<Grant>> {
        let request = Register {
            supervisor_id: self.spec.id.clone(),
            datasource: self.spec.datasource.clone(),
            topic: topic.name.to_string(),
            cluster_id: cluster_id.map(str::to_owned),
            topic_uuid: topic.uuid.clone(),
        };
        let source = self.context.metastore.register(&request).await.into_result().map_err(refused)?;
        self.datasource_id.clone_from(&source.datasource_id);
        let changed = |before: &Option<String>, now: Option<&str>| {
            before.as_deref().zip(now).is_some_and(|(before, now)| before != now)
        };
        let is_other = changed(&source.cluster_id, cluster_id) || changed(&source.topic_uuid, topic.uuid.as_deref());
        if let Some(identity) = &source.topic_uuid {
            self.topics.know(&topic.name, identity);
        }
        let mut lanes = self.stored_lanes(&source.source_id).await?;
        self.open_new(&source, topic, &mut lanes).await?;
        self.stop_outdated(&source).await;
        self.stop_misled(topic, is_other).await;
        let mut grants = Vec::new();
        for lane in self.own(&topic.name, lanes).await? {
            let partition = Partition::new(topic.name.clone(), lane.partition);
            let verdict = match (is_other, lane.partition >= topic.num_partitions) {
                (true, _) => Verdict::Halt(OTHER_SOURCE.to_owned()),
                (false, true) => Verdict::Halt(FEWER_PARTITIONS.to_owned()),
                (false, false) => self.verify(&lane, &partition).await?,
            };
            match verdict {
                Verdict::Halt(reason) => self.halt(&lane.claim(), &partition, &reason).await,
                Verdict::Good(offset) => {
                    let claim = lane.claim();
                    self.place_barrier(&claim, offset).await?;
                    grants.push(Grant { claim, partition, offset });
                }
            }
        }
        Ok(grants)
    }

    /// Halts lanes that are being read although their topic is another one by now, or has lost their partition: what
    /// stands at their next offset is not what comes next.
    async fn stop_misled(&mut self, topic: &Topic, is_other: bool) {
        let is_misled = |partition: &Partition| {
            partition.topic == topic.name && (is_other || partition.number >= topic.num_partitions)
        };
        let misled = self.taken.values().filter(|(_, partition)| is_misled(partition)).cloned();
        let misled: Vec<(LaneClaim, Partition)> = misled.collect();
        if misled.is_empty() {
            return;
        }
        self.drop_lanes(misled.iter().map(|(claim, _)| claim.lane.clone()).collect());
        let reason = if is_other { OTHER_SOURCE } else { FEWER_PARTITIONS };
        for (claim, partition) in misled {
            self.halt(&claim, &partition, reason).await;
        }
        self.context.handoff.lanes_changed(&self.datasource_id).await;
    }

    /// Drops lanes of generations that are over: what they read and did not publish is read again by the newest.
    async fn stop_outdated(&mut self, source: &metastore::Source) {
        let is_outdated = |lane: &&LaneId| lane.source_id == source.source_id && lane.source_gen != source.source_gen;
        let outdated: Vec<LaneId> = self.taken.keys().filter(is_outdated).cloned().collect();
        if !outdated.is_empty() {
            self.drop_lanes(outdated);
            self.context.handoff.lanes_changed(&self.datasource_id).await;
        }
    }

    fn drop_lanes(&mut self, lanes: Vec<LaneId>) {
        lanes.iter().for_each(|lane| drop(self.taken.remove(lane)));
        self.keep_lanes();
        self.tell_all(&Command::Drop(lanes));
    }

    /// Opens lanes for partitions that have none: all by `useEarliestOffset` when the source is new, later ones at
    /// their first record, since "latest" would lose what came before they were seen.
    async fn open_new(&self, source: &metastore::Source, topic: &Topic, lanes: &mut Vec<Lane>) -> Result<()> {
        let is_first = lanes.is_empty();
        let missing: Vec<i32> =
            (0..topic.num_partitions).filter(|number| lanes.iter().all(|lane| lane.partition != *number)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut starts = Vec::with_capacity(missing.len());
        for number in missing {
            let start = match is_first {
                false => 0,
                true => {
                    let bounds = self.bounds(&Partition::new(topic.name.clone(), number)).await?;
                    if self.spec.io.use_earliest { bounds.earliest } else { bounds.end }
                }
            };
            starts.push((number, start));
        }
        let request = Open { source_id: source.source_id.clone(), source_gen: source.source_gen, starts };
        self.context.metastore.open(&request).await.into_result().map_err(refused)?;
        *lanes = self.stored_lanes(&source.source_id).await?;
        Ok(())
    }

    async fn bounds(&self, partition: &Partition) -> Result<Bounds> {
        let (source, partition) = (self.source.clone(), partition.clone());
        self.shared.ask(move || source.bounds(&partition)).await
    }

    /// Takes the lanes that are free, and answers those that are ours and not read yet.
    async fn own(&mut self, topic: &str, lanes: Vec<Lane>) -> Result<Vec<Lane>> {
        let (node, now_ms) = (self.context.node.id.clone(), self.context.clock.now_ms());
        let mut wanted = Vec::new();
        for lane in lanes {
            match lane.state {
                LaneState::Halted => {
                    let partition = Partition::new(topic, lane.partition);
                    let key = partition_key(&partition, self.spec.io.is_multi_topic());
                    self.shared.status.lock().halted.insert(key, lane.reason.clone().unwrap_or_default());
                }
                LaneState::Gone => {}
                LaneState::Reading | LaneState::Paused => {
                    let is_free = lane.owner.as_deref().is_none_or(|owner| owner == node) || lane.lease_until <= now_ms;
                    if is_free && !self.taken.contains_key(&lane.id()) {
                        wanted.push((lane.id(), lane.epoch));
                    }
                }
            }
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let ttl_ms = i64::try_from(self.context.limits.lease.as_millis()).unwrap_or(i64::MAX);
        let request = Assign { leader: self.leader.clone(), lanes: wanted, node, ttl_ms };
        let asked_ms = self.lease.now_ms();
        let lanes = self.context.metastore.assign(&request).await.into_result().map_err(refused)?;
        self.lease.renewed(asked_ms);
        Ok(lanes)
    }

    /// Whether the log still holds what the lane wants next, and is still the log that it was.
    async fn verify(&self, lane: &Lane, partition: &Partition) -> Result<Verdict> {
        let bounds = self.bounds(partition).await?;
        let next = lane.next_offset;
        if next < bounds.earliest {
            // Nothing has been read since the lane was opened or moved: it still begins where the log does.
            let begins = next == lane.start_offset || lane.tail_fp.is_none();
            if self.spec.tuning.reset_offset_automatically || begins {
                return self.skip_gap(lane, bounds.earliest).await.map(Verdict::Good);
            }
            let reason = format!("RetentionGap: {next}..{} is no longer in the log", bounds.earliest);
            return Ok(Verdict::Halt(reason));
        }
        if next > bounds.end {
            return Ok(Verdict::Halt(format!("LogTruncated: the log ends at {}, {next} is wanted", bounds.end)));
        }
        match self.same_tail(lane, partition, bounds).await? {
            true => Ok(Verdict::Good(next)),
            false => Ok(Verdict::Halt("SourceChanged: the last record that was read is another one now".to_owned())),
        }
    }

    async fn skip_gap(&self, lane: &Lane, to: i64) -> Result<i64> {
        let request = Skip {
            lane: lane.id(),
            from_offset: lane.next_offset,
            to_offset: to,
            why: "the log no longer holds the range".to_owned(),
            by: Authority::Owner(lane.claim()),
        };
        let lane = self.context.metastore.skip(&request).await.into_result().map_err(refused)?;
        Ok(lane.next_offset)
    }

    /// Fetches the last record that was counted and compares it with what is known of it.
    async fn same_tail(&self, lane: &Lane, partition: &Partition, bounds: Bounds) -> Result<bool> {
        let Some(known) = lane.tail_fp.clone() else { return Ok(true) };
        let offset = known.split(':').next().and_then(|offset| offset.parse::<i64>().ok());
        let Some(offset) = offset.filter(|offset| *offset >= bounds.earliest) else {
            tracing::warn!(%partition, "the last record that was read has left the log; reading goes on unchecked");
            return Ok(true);
        };
        let (source, partition) = (self.source.clone(), partition.clone());
        let record = self.shared.ask(move || match source.fetch(&partition, offset) {
            Err(SourceError::OutOfRange(_)) => Ok(None),
            other => other,
        });
        let found = record.await?.map(|record| {
            fingerprint_of(record.offset, record.timestamp_ms, record.key.as_deref(), record.value.as_deref())
        });
        Ok(found == Some(known))
    }

    /// From `offset` on, the lane is parsed by the version of this session.
    async fn place_barrier(&self, claim: &LaneClaim, offset: i64) -> Result<()> {
        let barriers = self.context.metastore.barriers(&claim.lane).await.map_err(unavailable)?;
        if barriers.last().is_some_and(|barrier| barrier.version >= self.version) {
            return Ok(());
        }
        let request = PlaceBarrier { lane: claim.clone(), version: self.version, from_offset: offset };
        self.context.metastore.barrier(&request).await.into_result().map_err(refused)?;
        storage::fail::point("I5");
        Ok(())
    }
}
