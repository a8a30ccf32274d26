//! Kafka, by the C driver. Partitions are assigned by hand; no group is ever joined and no offset
//! is ever committed to the cluster.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka_sys::rd_kafka_resp_err_t as Code;
use timeline::Clock;

use super::kafka_batch::{Message, Queue};
use super::kafka_reader::ChosenReader;
use super::kafka_topic_ids::topic_ids;
use super::{
    Bounds, FetchedBatch, Identity, OwnedRecord, Partition, PollLimits, Reader, Source, SourceError, Topic, TopicChoice,
};
use crate::client_properties::ClientProperties;

/// Settings that are ours and not the spec's. The driver would otherwise sleep for up to a second
/// each time its queue was full, and start over silently where a log is not what it was.
const FIXED: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("enable.partition.eof", "true"),
    ("fetch.queue.backoff.ms", "10"),
    ("allow.auto.create.topics", "false"),
    ("group.id", "dolmen-reads-by-hand"),
];

/// Settings that a spec may change.
const DEFAULTS: &[(&str, &str)] = &[
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("fetch.wait.max.ms", "10"),
    ("queued.max.messages.kbytes", "16384"),
    ("topic.metadata.refresh.interval.ms", "30000"),
];

/// Identities of topics are asked for after their cluster has answered another question.
const IDENTITY_TIMEOUT: Duration = Duration::from_secs(5);
/// Batches kept for their memory, and the bytes that one may have to be kept.
const MOST_SPENT: usize = 16;
const MOST_SPENT_BYTES: usize = 4 << 20;
/// One wait for the identity of the cluster: the driver may miss that it has come while it waits.
const ID_STEP: Duration = Duration::from_millis(200);
/// One wait for a single record.
const FETCH_STEP: Duration = Duration::from_millis(100);

/// A Kafka cluster.
pub struct KafkaSource {
    config: ClientConfig,
    clock: Arc<dyn Clock>,
    admin: BaseConsumer<Context>,
    api_timeout: Duration,
}

impl KafkaSource {
    /// Connects lazily: a cluster that does not answer shows in the first question.
    pub fn new(properties: &ClientProperties, clock: Arc<dyn Clock>) -> Result<KafkaSource, SourceError> {
        let mut config = ClientConfig::new();
        for (name, value) in DEFAULTS {
            config.set(*name, *value);
        }
        for (name, value) in &properties.driver {
            config.set(*name, value.reveal());
        }
        for (name, value) in FIXED {
            config.set(*name, *value);
        }
        config.set_log_level(RDKafkaLogLevel::Warning);
        let admin = consumer(&config)?;
        Ok(KafkaSource { config, clock, admin, api_timeout: properties.api_timeout })
    }

    /// Identities of the topics that have one, asked of a leader: whoever answered may not be known by number yet,
    /// and a leader has to be reached anyway.
    fn identities(&self, metadata: &Metadata, names: &[&str]) -> BTreeMap<String, String> {
        let leaders = metadata.topics().iter().flat_map(|topic| topic.partitions()).map(|partition| partition.leader());
        let Some(broker) = leaders.max().filter(|leader| *leader >= 0) else { return BTreeMap::new() };
        topic_ids(&self.admin, broker, names, self.api_timeout.min(IDENTITY_TIMEOUT))
    }

    fn unavailable(&self, what: &str, error: &KafkaError) -> SourceError {
        let detail = self.admin.context().last_error.lock().clone();
        classify(what, error, detail)
    }
}

fn consumer(config: &ClientConfig) -> Result<BaseConsumer<Context>, SourceError> {
    config
        .create_with_context(Context::default())
        .map_err(|error| SourceError::Refused(format!("the client cannot be made: {error}")))
}

fn classify(what: &str, error: &KafkaError, detail: Option<String>) -> SourceError {
    let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
    let text = format!("{what}: {error}{detail}");
    match error.rdkafka_error_code() {
        Some(
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::SaslAuthenticationFailed
            | RDKafkaErrorCode::Authentication,
        ) => SourceError::Refused(text),
        Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => SourceError::NotFound(text),
        _ => SourceError::Unavailable(text),
    }
}

impl Source for KafkaSource {
    fn cluster_id(&self) -> Result<Option<String>, SourceError> {
        let limit_ms = u64::try_from(self.api_timeout.as_millis()).unwrap_or(u64::MAX);
        let start_ms = self.clock.monotonic_ms();
        loop {
            let asked_ms = self.clock.monotonic_ms();
            let id = self.admin.client().fetch_cluster_id(ID_STEP.min(self.api_timeout));
            let now_ms = self.clock.monotonic_ms();
            // A cluster without one says so at once.
            let is_answered = id.is_some() || Duration::from_millis(now_ms - asked_ms) < ID_STEP / 2;
            if is_answered || now_ms - start_ms >= limit_ms {
                return Ok(id);
            }
        }
    }

    fn topics(&self, choice: &TopicChoice) -> Result<Vec<Topic>, SourceError> {
        let name = match choice {
            TopicChoice::Name(name) => Some(&**name),
            TopicChoice::Pattern(_) => None,
        };
        let metadata = self
            .admin
            .fetch_metadata(name, self.api_timeout)
            .map_err(|error| self.unavailable("topic metadata", &error))?;
        let mut topics = Vec::new();
        for topic in metadata.topics() {
            if topic.error().is_some() || topic.partitions().is_empty() || !choice.matches(topic.name()) {
                continue;
            }
            topics.push(Topic {
                name: Arc::from(topic.name()),
                uuid: None,
                num_partitions: i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX),
            });
        }
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = topics.iter().map(|topic| &*topic.name).collect();
        let mut ids = self.identities(&metadata, &names);
        for topic in &mut topics {
            topic.uuid = ids.remove(&*topic.name);
        }
        Ok(topics)
    }

    fn identity(&self, topic: &str) -> Result<Identity, SourceError> {
        let unavailable = |error| self.unavailable(&format!("identity of {topic}"), &error);
        let metadata = self.admin.fetch_metadata(Some(topic), self.api_timeout).map_err(unavailable)?;
        let error = metadata.topics().iter().find(|found| found.name() == topic).map(|found| found.error());
        match error {
            None | Some(Some(Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)) => Ok(Identity::Gone),
            Some(Some(code)) => {
                Err(SourceError::Unavailable(format!("identity of {topic}: {}", RDKafkaErrorCode::from(code))))
            }
            Some(None) => {
                let identity = self.identities(&metadata, &[topic]).remove(topic);
                Ok(identity.map_or(Identity::Nameless, Identity::Known))
            }
        }
    }

    fn bounds(&self, partition: &Partition) -> Result<Bounds, SourceError> {
        let (earliest, end) = self
            .admin
            .fetch_watermarks(&partition.topic, partition.number, self.api_timeout)
            .map_err(|error| self.unavailable(&format!("offsets of {partition}"), &error))?;
        Ok(Bounds { earliest, end })
    }

    fn fetch(&self, partition: &Partition, offset: i64) -> Result<Option<OwnedRecord>, SourceError> {
        let mut reader = KafkaReader::new(&self.config)?;
        reader.assign(&[(partition.clone(), offset)])?;
        let limits = PollLimits { max_records: 1, timeout: FETCH_STEP };
        let steps = self.api_timeout.as_millis() / FETCH_STEP.as_millis();
        let mut out = Vec::new();
        for _ in 0..=steps {
            match reader.poll(limits, &mut out) {
                Err(SourceError::OutOfRange(_)) => return Ok(None),
                other => other?,
            }
            if let Some(batch) = out.iter().find(|batch| batch.next_offset() > offset) {
                return Ok(batch.record(0).filter(|record| record.offset == offset).map(OwnedRecord::from));
            }
            out.clear();
        }
        Err(SourceError::Unavailable(format!("offset {offset} of {partition} was not delivered in time")))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(ChosenReader::new(&self.config, self.clock.clone())?))
    }
}

/// Reads by the driver.
pub(super) struct KafkaReader {
    queue: Queue,
    consumer: BaseConsumer<Context>,
    at: BTreeMap<Partition, i64>,
    /// Partitions in which something cannot be read; what comes after it must not pass for what comes next.
    broken: BTreeMap<Partition, SourceError>,
    /// Batches whose memory the next ones take.
    spent: Vec<FetchedBatch>,
}

impl KafkaReader {
    pub(super) fn new(config: &ClientConfig) -> Result<KafkaReader, SourceError> {
        let consumer = consumer(config)?;
        let queue =
            Queue::of(&consumer).ok_or_else(|| SourceError::Refused("the client has no consumer queue".to_owned()))?;
        Ok(KafkaReader { queue, consumer, at: BTreeMap::new(), broken: BTreeMap::new(), spent: Vec::new() })
    }
}

impl Reader for KafkaReader {
    fn assign(&mut self, starts: &[(Partition, i64)]) -> Result<(), SourceError> {
        let mut list = TopicPartitionList::with_capacity(starts.len());
        for (partition, offset) in starts {
            list.add_partition_offset(&partition.topic, partition.number, Offset::Offset(*offset))
                .map_err(|error| classify("assignment", &error, None))?;
        }
        self.consumer.assign(&list).map_err(|error| classify("assignment", &error, None))?;
        self.at = starts.iter().cloned().collect();
        self.broken.clear();
        Ok(())
    }

    fn pause(&mut self, partitions: &[Partition], paused: bool) -> Result<(), SourceError> {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition(&partition.topic, partition.number);
        }
        let done = if paused { self.consumer.pause(&list) } else { self.consumer.resume(&list) };
        done.map_err(|error| classify("pause", &error, None))
    }

    fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError> {
        let (broken, spent) = (&mut self.broken, &mut self.spent);
        let mut filling = Filling { at: &self.at, first: out.len(), out, last: None, error: None, broken, spent };
        self.queue.drain(limits.timeout, limits.max_records, |message| filling.take(&message));
        let (first, error) = (filling.first, filling.error);
        for batch in out.iter().skip(first) {
            self.at.insert(batch.partition().clone(), batch.next_offset());
        }
        match error.or_else(|| self.broken.values().next().cloned()) {
            Some(error) => Err(error),
            None => match self.consumer.context().last_error.lock().take() {
                Some(detail) if out.len() == first => Err(SourceError::Unavailable(detail)),
                _ => Ok(()),
            },
        }
    }

    fn give_back(&mut self, spent: FetchedBatch) {
        if self.spent.len() < MOST_SPENT && spent.capacity_bytes() <= MOST_SPENT_BYTES {
            self.spent.push(spent);
        }
    }
}

/// Sorts the messages of one poll into a batch per partition.
struct Filling<'a> {
    at: &'a BTreeMap<Partition, i64>,
    out: &'a mut Vec<FetchedBatch>,
    first: usize,
    last: Option<(usize, i32, usize)>,
    error: Option<SourceError>,
    broken: &'a mut BTreeMap<Partition, SourceError>,
    spent: &'a mut Vec<FetchedBatch>,
}

impl Filling<'_> {
    fn take(&mut self, message: &Message<'_>) {
        let Some(index) = self.batch_of(message) else { return };
        let Some(batch) = self.out.get_mut(index) else { return };
        match message.error() {
            Code::RD_KAFKA_RESP_ERR_NO_ERROR => {
                if !self.broken.is_empty() && self.broken.contains_key(batch.partition()) {
                    return;
                }
                if message.offset() < batch.next_offset() {
                    // A log whose offsets run backwards is not the log that it was.
                    let error = SourceError::OutOfRange(batch.partition().clone());
                    self.broken.insert(batch.partition().clone(), error);
                } else {
                    batch.push(message.offset(), message.timestamp_ms(), message.key(), message.value());
                    message.headers(|name, value| batch.push_header(name, value));
                }
            }
            Code::RD_KAFKA_RESP_ERR__PARTITION_EOF => {
                if !self.broken.contains_key(batch.partition()) {
                    batch.advance(message.offset());
                }
            }
            code => match message_error(code, batch.partition().clone()) {
                error @ (SourceError::Corrupt(_) | SourceError::OutOfRange(_)) => {
                    self.broken.entry(batch.partition().clone()).or_insert(error);
                }
                error => drop(self.error.get_or_insert(error)),
            },
        }
    }

    /// Position in `out` of the batch that `message` belongs to; `None` for a partition that is no
    /// longer followed.
    fn batch_of(&mut self, message: &Message<'_>) -> Option<usize> {
        let key = (message.topic_key(), message.partition());
        if let Some((topic, number, index)) = self.last
            && (topic, number) == key
        {
            return Some(index);
        }
        let partition = Partition::new(message.topic()?, message.partition());
        let start = *self.at.get(&partition)?;
        let known = self.out.iter().skip(self.first).position(|batch| *batch.partition() == partition);
        let index = match known {
            Some(index) => self.first + index,
            None => {
                self.out.push(match self.spent.pop() {
                    Some(spent) => FetchedBatch::renewed(spent, partition, start),
                    None => FetchedBatch::new(partition, start),
                });
                self.out.len() - 1
            }
        };
        self.last = Some((key.0, key.1, index));
        Some(index)
    }
}

fn message_error(code: Code, partition: Partition) -> SourceError {
    match code {
        Code::RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET | Code::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE => {
            SourceError::OutOfRange(partition)
        }
        Code::RD_KAFKA_RESP_ERR__BAD_MSG | Code::RD_KAFKA_RESP_ERR_INVALID_MSG => SourceError::Corrupt(partition),
        Code::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED => {
            SourceError::Refused(format!("no right to read {partition}"))
        }
        Code::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
        | Code::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC
        | Code::RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION => SourceError::NotFound(format!("no partition {partition}")),
        code => SourceError::Unavailable(format!("{partition}: {}", RDKafkaErrorCode::from(code))),
    }
}

impl From<super::Record<'_>> for OwnedRecord {
    fn from(record: super::Record<'_>) -> OwnedRecord {
        OwnedRecord {
            offset: record.offset,
            timestamp_ms: record.timestamp_ms,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: record.headers().map(|(name, value)| (name.to_vec(), value.map(<[u8]>::to_vec))).collect(),
        }
    }
}

/// Keeps the driver's last word for error messages, and its log lines in ours.
#[derive(Default)]
struct Context {
    last_error: Mutex<Option<String>>,
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                tracing::warn!(facility, "{message}");
            }
            _ => tracing::debug!(facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            *self.last_error.lock() = Some(format!("no broker answers: {reason}"));
        }
        tracing::debug!(%error, "{reason}");
    }
}

impl ConsumerContext for Context {}

#[cfg(test)]
mod tests;
