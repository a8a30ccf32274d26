//! What the event path is given by the process.

use std::sync::Arc;
use std::time::Duration;

use metastore::Metastore;
use storage::{DeepStorage, Disk, SegmentCache};
use timeline::{Clock, Random};

use crate::client_properties::{ClientProperties, PropertyPolicy};
use crate::source::{KafkaSource, Source, SourceError};
use crate::{Handoff, LiveParts, Metrics};

/// Reads one environment variable.
pub type EnvironmentFn = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Makes the source that client properties describe.
pub type ConnectFn = Arc<dyn Fn(&ClientProperties) -> Result<Arc<dyn Source>, SourceError> + Send + Sync>;

/// Everything that the event path reaches. Cheap to clone.
#[derive(Clone)]
pub struct IngestContext {
    /// Facts: offsets, segments, specs.
    pub metastore: Arc<dyn Metastore>,
    /// Objects.
    pub storage: DeepStorage,
    /// Where queries of this node look for the images of segments, if they do.
    pub images: Option<Arc<SegmentCache>>,
    /// This node's own disk, for spilled chunks and segments under construction.
    pub disk: Arc<dyn Disk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Whoever answers queries.
    pub handoff: Arc<dyn Handoff>,
    /// Live rows, for whoever answers queries.
    pub live: Arc<LiveParts>,
    /// Numbers.
    pub metrics: Arc<Metrics>,
    /// Limits and periods.
    pub limits: IngestLimits,
    /// Who this node is.
    pub node: NodeName,
    /// Environment variables that password providers may name.
    pub environment: EnvironmentFn,
    /// What client properties may reach.
    pub property_policy: PropertyPolicy,
    /// Connects to clusters; [`connect_kafka`] but in tests.
    pub connect: ConnectFn,
}

/// Connects to Kafka.
pub fn connect_kafka(clock: Arc<dyn Clock>) -> ConnectFn {
    Arc::new(move |properties| {
        KafkaSource::new(properties, clock.clone()).map(|source| Arc::new(source) as Arc<dyn Source>)
    })
}

/// Who this node is, as clients and leases see it.
#[derive(Debug, Clone)]
pub struct NodeName {
    /// Unique among the nodes and the same after a restart.
    pub id: String,
    /// Host that clients reach.
    pub host: String,
    /// Port that clients reach.
    pub port: u16,
}

/// Limits and periods of the event path; each is a key of the configuration.
#[derive(Debug, Clone)]
pub struct IngestLimits {
    /// A cut is made when the oldest unpublished record was read so long ago,
    pub cut_period: Duration,
    /// or when so many rows wait,
    pub cut_rows: u64,
    /// or when they hold so many bytes.
    pub cut_bytes: u64,
    /// Records of one poll.
    pub poll_records: usize,
    /// Longest wait of one poll.
    pub poll_timeout: Duration,
    /// Closed chunks that a lane may hold in memory; reading stops when there are more.
    pub chunk_credits: usize,
    /// Bytes of live rows of one supervisor before chunks are spilled.
    pub live_bytes: u64,
    /// Bytes that must stay free on the disk; below, lanes pause.
    pub disk_reserve_bytes: u64,
    /// How long a lane is held without being renewed.
    pub lease: Duration,
    /// Dead letters of one chunk; more halt the lane.
    pub dead_letters_per_chunk: usize,
    /// Time chunks of one lane that are not published; more halt the lane.
    pub time_chunks_per_lane: usize,
    /// Time chunks of one cut; more make it early.
    pub time_chunks_per_cut: usize,
    /// Limits of the rows of one time chunk of one chunk of a lane; a chunk that cannot take more is closed.
    pub index: segment::Limits,
    /// How long a reader of a log may stand still before it is made anew.
    pub stall: Duration,
    /// Period of the compaction planner; none switches it off.
    pub compaction_period: Option<Duration>,
    /// Directory for chunks below the disk's root.
    pub spill_directory: String,
}

impl Default for IngestLimits {
    fn default() -> IngestLimits {
        IngestLimits {
            cut_period: Duration::from_secs(60),
            cut_rows: 1_000_000,
            cut_bytes: 256 << 20,
            poll_records: 4_096,
            poll_timeout: Duration::from_millis(10),
            chunk_credits: 32,
            live_bytes: 1 << 30,
            disk_reserve_bytes: 256 << 20,
            lease: Duration::from_secs(10),
            dead_letters_per_chunk: 100_000,
            time_chunks_per_lane: 4_096,
            time_chunks_per_cut: 256,
            index: segment::Limits::default(),
            stall: Duration::from_secs(30),
            compaction_period: Some(Duration::from_secs(30)),
            spill_directory: "spill".to_owned(),
        }
    }
}
