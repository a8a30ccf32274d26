//! Where records come from: logs of numbered records in partitions.
//!
//! A [`Source`] is one cluster as one supervisor reaches it; it answers questions about topics and
//! opens [`Reader`]s. A reader follows partitions it was told to follow, from offsets it was told
//! to start at. Neither keeps any position that outlives the process: offsets live in the
//! metastore, next to the segments they paid for.

mod batch;
mod kafka;
mod kafka_batch;
mod kafka_reader;
mod kafka_topic_ids;
mod memory;
mod watched;
mod wire;

use std::sync::Arc;
use std::time::Duration;

pub use batch::{FetchedBatch, OwnedRecord, Record};
pub use kafka::KafkaSource;
pub use memory::{MemoryLog, MemorySource};
pub(crate) use watched::WatchedReader;
pub use wire::records_of_answer;

/// One partition of one topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Number of the partition.
    pub number: i32,
}

impl Partition {
    /// Partition `number` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, number: i32) -> Partition {
        Partition { topic: topic.into(), number }
    }
}

impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

/// What a cluster says of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Identity that a topic recreated under the same name does not share; `None` where the
    /// cluster has none.
    pub uuid: Option<String>,
    /// Number of partitions, numbered from 0.
    pub num_partitions: i32,
}

/// What tells a topic from another one of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A topic made anew under the same name has another one.
    Known(String),
    /// The cluster tells topics apart by their names alone, or does not say now.
    Nameless,
    /// There is no such topic now.
    Gone,
}

/// The offsets that a partition holds now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest offset still in the log.
    pub earliest: i64,
    /// The offset the next record will get, as far as this reader may see.
    pub end: i64,
}

/// Which topics a supervisor reads.
#[derive(Debug, Clone)]
pub enum TopicChoice {
    /// One topic by name.
    Name(Arc<str>),
    /// Every topic that the anchored expression matches; see [`TopicChoice::pattern`].
    Pattern(regex::Regex),
}

impl TopicChoice {
    /// Topics whose whole name matches the regular expression `text`.
    pub fn pattern(text: &str) -> Result<TopicChoice, String> {
        let pattern = regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(1 << 20).build();
        pattern.map(TopicChoice::Pattern).map_err(|error| error.to_string())
    }

    /// Whether it chooses `name`.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            TopicChoice::Name(chosen) => &**chosen == name,
            TopicChoice::Pattern(pattern) => pattern.is_match(name),
        }
    }
}

/// Why a source could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// The cluster did not answer, or not in time; asking again may help.
    #[error("{0}")]
    Unavailable(String),
    /// The offset asked for is not in the log.
    #[error("offset of {0} is out of range")]
    OutOfRange(Partition),
    /// A batch of records failed its checksum.
    #[error("corrupt records in {0}")]
    Corrupt(Partition),
    /// The topic or partition is not there.
    #[error("{0}")]
    NotFound(String),
    /// The cluster refuses this client or its settings; asking again does not help.
    #[error("{0}")]
    Refused(String),
}

/// Limits of one poll.
#[derive(Debug, Clone, Copy)]
pub struct PollLimits {
    /// Records of all partitions together.
    pub max_records: usize,
    /// Wait at most so long for the first record.
    pub timeout: Duration,
}

/// One cluster, reached with one set of client properties. Calls block; callers on an async
/// runtime use a blocking thread.
pub trait Source: Send + Sync {
    /// Identity of the cluster, when it has one.
    fn cluster_id(&self) -> Result<Option<String>, SourceError>;

    /// The topics of `choice`, sorted by name.
    fn topics(&self, choice: &TopicChoice) -> Result<Vec<Topic>, SourceError>;

    /// Which topic of that name there is now.
    fn identity(&self, topic: &str) -> Result<Identity, SourceError> {
        let found = self.topics(&TopicChoice::Name(Arc::from(topic)))?.into_iter().next();
        Ok(match found.map(|topic| topic.uuid) {
            Some(Some(uuid)) => Identity::Known(uuid),
            Some(None) => Identity::Nameless,
            None => Identity::Gone,
        })
    }

    /// The offsets a partition holds now.
    fn bounds(&self, partition: &Partition) -> Result<Bounds, SourceError>;

    /// The record at `offset`, or `None` when nothing is stored there.
    fn fetch(&self, partition: &Partition, offset: i64) -> Result<Option<OwnedRecord>, SourceError>;

    /// A reader that follows no partition yet.
    fn reader(&self) -> Result<Box<dyn Reader>, SourceError>;
}

/// Follows partitions. Lives on one thread of its own.
pub trait Reader: Send {
    /// Follows exactly these partitions from these offsets, whatever was followed before.
    fn assign(&mut self, starts: &[(Partition, i64)]) -> Result<(), SourceError>;

    /// Stops or restarts delivery of some partitions without losing their place.
    fn pause(&mut self, partitions: &[Partition], paused: bool) -> Result<(), SourceError>;

    /// Reads what is there: at most one batch per partition is appended to `out`, in the order of
    /// the log. An error concerns the partition it names; records delivered before it are kept, and after one
    /// that says corrupt or out of range none are delivered until the partition is assigned anew.
    fn poll(&mut self, limits: PollLimits, out: &mut Vec<FetchedBatch>) -> Result<(), SourceError>;

    /// Takes back a batch that has been read, so that the next one needs no new memory.
    fn give_back(&mut self, _spent: FetchedBatch) {}

    /// Lets go of connections that seem dead and goes on where it stands, where a reader can do so.
    fn rebuild(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}
