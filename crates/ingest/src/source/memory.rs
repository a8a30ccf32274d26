//! A log in memory, shared by whoever writes it and whoever reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{
    Bounds, FetchedBatch, OwnedRecord, Partition, PollLimits, Reader, Source, SourceError, Topic, TopicChoice,
};

/// Topics and their records. Clones share the same log.
#[derive(Debug, Clone, Default)]
pub struct MemoryLog {
    topics: Arc<Mutex<BTreeMap<Arc<str>, MemoryTopic>>>,
}

#[derive(Debug, Default)]
struct MemoryTopic {
    uuid: Option<String>,
    partitions: Vec<MemoryPartition>,
}

#[derive(Debug, Default, Clone)]
struct MemoryPartition {
    earliest: i64,
    end: i64,
    records: BTreeMap<i64, OwnedRecord>,
}

impl MemoryLog {
    /// Makes a topic, or makes it anew; or adds partitions when it has the same identity.
    pub fn create_topic(&self, name: &str, uuid: Option<&str>, num_partitions: usize) {
        let mut topics = self.topics.lock();
        let topic = topics.entry(Arc::from(name)).or_default();
        if topic.uuid.as_deref() != uuid {
            *topic = MemoryTopic { uuid: uuid.map(str::to_owned), partitions: Vec::new() };
        }
        topic.partitions.resize(num_partitions, MemoryPartition::default());
    }

    /// Puts the topic of another log, which has it no longer, in the place of the one of its name.
    pub fn take_topic(&self, name: &str, other: &MemoryLog) {
        let topic = other.topics.lock().remove(name);
        if let Some(topic) = topic {
            self.topics.lock().insert(Arc::from(name), topic);
        }
    }

    /// Takes a topic away.
    pub fn delete_topic(&self, name: &str) {
        self.topics.lock().remove(name);
    }

    /// Appends a record and answers its offset.
    pub fn append(&self, partition: &Partition, timestamp_ms: i64, value: &[u8]) -> Option<i64> {
        let record =
            OwnedRecord { timestamp_ms: Some(timestamp_ms), value: Some(value.to_vec()), ..Default::default() };
        self.append_record(partition, record)
    }

    /// Appends `record` at the end, whatever offset it carries, and answers its offset.
    pub fn append_record(&self, partition: &Partition, mut record: OwnedRecord) -> Option<i64> {
        self.with(partition, |held| {
            record.offset = held.end;
            held.records.insert(held.end, record);
            held.end += 1;
            held.end - 1
        })
    }

    /// Uses up one offset without a record, as the marker of a transaction does.
    pub fn append_marker(&self, partition: &Partition) {
        self.with(partition, |held| held.end += 1);
    }

    /// Forgets what is below `earliest`.
    pub fn expire(&self, partition: &Partition, earliest: i64) {
        self.with(partition, |held| {
            held.earliest = held.earliest.max(earliest);
            held.records = held.records.split_off(&earliest);
        });
    }

    /// Cuts the log off at `end`, as an unclean election does.
    pub fn truncate(&self, partition: &Partition, end: i64) {
        self.with(partition, |held| {
            held.end = held.end.min(end);
            held.records.split_off(&end);
        });
    }

    fn with<T>(&self, partition: &Partition, act: impl FnOnce(&mut MemoryPartition) -> T) -> Option<T> {
        let mut topics = self.topics.lock();
        let number = usize::try_from(partition.number).ok()?;
        topics.get_mut(&partition.topic)?.partitions.get_mut(number).map(act)
    }
}

/// A [`Source`] over a [`MemoryLog`].
#[derive(Debug, Clone)]
pub struct MemorySource {
    log: MemoryLog,
    cluster: Option<String>,
}

impl MemorySource {
    /// Reads `log`, which calls itself `cluster`.
    pub fn new(log: MemoryLog, cluster: Option<&str>) -> MemorySource {
        MemorySource { log, cluster: cluster.map(str::to_owned) }
    }

    fn held<T>(&self, partition: &Partition, act: impl FnOnce(&mut MemoryPartition) -> T) -> Result<T, SourceError> {
        self.log.with(partition, act).ok_or_else(|| SourceError::NotFound(format!("no partition {partition}")))
    }
}

impl Source for MemorySource {
    fn cluster_id(&self) -> Result<Option<String>, SourceError> {
        Ok(self.cluster.clone())
    }

    fn topics(&self, choice: &TopicChoice) -> Result<Vec<Topic>, SourceError> {
        let topics = self.log.topics.lock();
        let chosen = topics.iter().filter(|(name, _)| choice.matches(name));
        Ok(chosen
            .map(|(name, topic)| Topic {
                name: name.clone(),
                uuid: topic.uuid.clone(),
                num_partitions: i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX),
            })
            .collect())
    }

    fn bounds(&self, partition: &Partition) -> Result<Bounds, SourceError> {
        self.held(partition, |held| Bounds { earliest: held.earliest, end: held.end })
    }

    fn fetch(&self, partition: &Partition, offset: i64) -> Result<Option<OwnedRecord>, SourceError> {
        self.held(partition, |held| held.records.get(&offset).cloned())
    }

    fn reader(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(MemoryReader { source: self.clone(), at: BTreeMap::new(), paused: BTreeSet::new() }))
    }
}

struct MemoryReader {
    source: MemorySource,
    at: BTreeMap<Partition, i64>,
    paused: BTreeSet<Partition>,
}

impl Reader for MemoryReader {
    fn assign(&mut self, starts: &[(Partition, i64)]) -> Result<(), SourceError> {
        let at: BTreeMap<Partition, i64> = starts.iter().cloned().collect();
        if at.len() < starts.len() {
            // Kafka's client takes no such list either.
            return Err(SourceError::Refused("a partition is assigned twice".to_owned()));
        }
        self.at = at;
        self.paused.clear();
        Ok(())
    }

    fn pause(&mut self, partitions: &[Partition], paused: bool) -> Result<(), SourceError> {
        for partition in partitions {
            if paused {
                self.paused.insert(partition.clone());
            } else {
                self.paused.remove(partition);
            }
        }
        Ok(())
    }

    fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError> {
        let mut left = limits.max_records;
        for (partition, at) in &mut self.at {
            if left == 0 || self.paused.contains(partition) {
                continue;
            }
            let batch = self.source.held(partition, |held| read(held, partition, *at, left))??;
            left -= batch.len();
            if batch.next_offset() > *at {
                *at = batch.next_offset();
                out.push(batch);
            }
        }
        Ok(())
    }
}

fn read(held: &MemoryPartition, partition: &Partition, at: i64, max: usize) -> Result<FetchedBatch, SourceError> {
    if at < held.earliest || at > held.end {
        return Err(SourceError::OutOfRange(partition.clone()));
    }
    let mut batch = FetchedBatch::new(partition.clone(), at);
    for record in held.records.range(at..).map(|(_, record)| record).take(max) {
        batch.push(record.offset, record.timestamp_ms, record.key.as_deref(), record.value.as_deref());
        for (name, value) in &record.headers {
            batch.push_header(name, value.as_deref());
        }
    }
    if batch.len() < max {
        batch.advance(held.end);
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_reader_sees_records_and_passes_markers() {
        let log = MemoryLog::default();
        log.create_topic("t", Some("u1"), 2);
        let partition = Partition::new("t", 1);
        log.append(&partition, 7, b"a");
        log.append_marker(&partition);
        let source = MemorySource::new(log.clone(), None);
        let mut reader = source.reader().expect("a reader");
        reader.assign(&[(partition.clone(), 0)]).expect("assigned");
        let limits = PollLimits { max_records: 10, timeout: Duration::ZERO };
        let mut out = Vec::new();
        reader.poll(limits, &mut out).expect("polled");
        assert_eq!((out.len(), out[0].len(), out[0].next_offset()), (1, 1, 2));
        out.clear();
        log.expire(&partition, 2);
        log.truncate(&partition, 1);
        assert_eq!(reader.poll(limits, &mut out), Err(SourceError::OutOfRange(partition)));
    }
}
