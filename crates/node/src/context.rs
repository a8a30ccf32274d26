//! What the roles of a process share.

use crate::admission::Admission;
use crate::clock::{SystemClock, SystemRandom};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::lookups;
use crate::memory;
use crate::pool::Pool;
use crate::queries::{CoversStore, QueryMetrics, RunningQueries};
use crate::serving::{LiveLanes, SegmentOpener, Serving};
use crate::vitals::Vitals;
use cluster::{Inventory, LeafClient, Loader};
use ingest::tasks::{Reach, StreamSamples, TaskContext};
use ingest::{IngestContext, IngestLimits, LiveParts, NodeName, Supervisors, Tasks};
use metastore::Metastore;
use query::{MemoryBudget, SpillSpace};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use storage::{DeepStorage, Disk, RealDisk, SegmentCache};
use timeline::{Clock, Random};

/// The process cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    DataDir(#[from] crate::data_dir::DataDirError),
    #[error(transparent)]
    Metastore(#[from] metastore::Error),
    #[error(transparent)]
    Storage(#[from] storage::Error),
    #[error("{0}")]
    Ingest(#[from] ingest::Error),
    #[error("{what}: {why}")]
    Io { what: String, why: std::io::Error },
    #[error("{0}")]
    Refused(String),
}

/// What reads events and runs tasks, when this process does.
pub struct EventPath {
    pub supervisors: Arc<Supervisors>,
    pub tasks: Arc<Tasks>,
    pub task_context: Arc<TaskContext>,
    pub streams: StreamSamples,
}

/// Shared by every role, every door and the long-lived tasks.
pub struct NodeContext {
    pub config: Arc<Config>,
    pub name: NodeName,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    pub metastore: Arc<dyn Metastore>,
    pub storage: DeepStorage,
    pub disk: Arc<dyn Disk>,
    pub inventory: Arc<Inventory>,
    pub leaf: LeafClient,
    pub serving: Arc<Serving>,
    pub live: Arc<LiveParts>,
    pub ingest: IngestContext,
    pub pool: Arc<Pool>,
    pub admission: Arc<Admission>,
    /// What all queries together may hold.
    pub memory: Arc<MemoryBudget>,
    /// Disk for the groups of all queries that memory has no room for.
    pub spill: SpillSpace,
    /// What the whole process may occupy, in bytes.
    pub memory_limit: u64,
    pub running: Arc<RunningQueries>,
    pub query_metrics: Arc<QueryMetrics>,
    pub lookups: Arc<lookups::Registry>,
    pub covers: CoversStore,
    pub vitals: Vitals,
    pub started_ms: i64,
    roles: OnceLock<Vec<&'static str>>,
    event_path: OnceLock<EventPath>,
    data_dir: DataDir,
}

impl NodeContext {
    /// Opens what the process needs below `data_dir`. `address` is where clients reach it.
    pub async fn open(config: Config, data_dir: &Path, address: SocketAddr) -> Result<Arc<Self>, StartError> {
        let holder = format!("process {} at {address}", std::process::id());
        let data_dir = DataDir::take(data_dir, &holder)?;
        let root = data_dir.path().to_path_buf();
        let id = data_dir.node_id()?;
        let name = NodeName { id, host: address.ip().to_string(), port: address.port() };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let metastore = open_metastore(&config, &root, &clock, &random).await?;
        let storage = open_storage(&config, &root)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(&root)?);
        let cache = open_cache(&config, &root, &storage)?;
        let (inventory, live) = (Arc::new(Inventory::default()), Arc::new(LiveParts::default()));
        let opener = Arc::new(SegmentOpener::new(Arc::clone(&cache)));
        let loader = Loader::new(Arc::clone(&metastore), Arc::clone(&inventory), opener.clone());
        let serving = Arc::new(Serving::new(loader, opener, Arc::clone(&inventory)));
        let num_threads = config.query.threads.unwrap_or_else(num_cores);
        let max_concurrent = config.query.max_concurrent.unwrap_or((num_threads * 8).max(32));
        let pool = Pool::start(num_threads, max_concurrent)
            .map_err(|why| StartError::Io { what: "threads for queries".into(), why })?;
        let admission = Admission::new(max_concurrent, config.query.max_queued);
        let limit = config.memory.limit.unwrap_or_else(memory::detect_bytes);
        let ingest = IngestContext {
            metastore: Arc::clone(&metastore),
            storage: storage.clone(),
            images: Some(cache),
            disk: Arc::clone(&disk),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            handoff: serving.clone(),
            live: Arc::clone(&live),
            metrics: Arc::default(),
            limits: ingest_limits(&config, limit),
            node: name.clone(),
            environment: Arc::new(|name| std::env::var(name).ok()),
            property_policy: Default::default(),
            connect: ingest::connect_kafka(Arc::clone(&clock)),
        };
        let lookups = lookups::Registry::new(Arc::clone(&metastore), lookup_world(&config, &ingest));
        Ok(Arc::new(Self {
            lookups: Arc::new(lookups),
            leaf: LeafClient::Local(Arc::new(LiveLanes::new(Arc::clone(&live)))),
            // Six tenths of the process's memory are for queries, the rest for live rows and the ways between.
            memory: MemoryBudget::new("memory of all queries", limit / 10 * 6),
            spill: spill_space(&config, &root)?,
            memory_limit: limit,
            started_ms: clock.now_ms(),
            config: Arc::new(config),
            name,
            clock,
            random,
            metastore,
            storage,
            disk,
            inventory,
            serving,
            live,
            ingest,
            pool: Arc::new(pool),
            admission: Arc::new(admission),
            running: Arc::default(),
            query_metrics: Arc::default(),
            covers: CoversStore::default(),
            vitals: Vitals::default(),
            roles: OnceLock::new(),
            event_path: OnceLock::new(),
            data_dir,
        }))
    }

    /// Root of everything that this process keeps on its own disk.
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// The event path, once the role that runs it has started.
    pub fn event_path(&self) -> Option<&EventPath> {
        self.event_path.get()
    }

    /// Called once, by the role that runs it.
    pub fn set_event_path(&self, event_path: EventPath) {
        // A second call would be of the same role: the first one stays.
        let _ = self.event_path.set(event_path);
    }

    /// Names of the roles that this process plays.
    pub fn roles(&self) -> &[&'static str] {
        self.roles.get().map_or(&[], Vec::as_slice)
    }

    /// Called once, before the roles start.
    pub fn set_roles(&self, names: Vec<&'static str>) {
        // A second call would be of the same process: the first one stays.
        let _ = self.roles.set(names);
    }

    /// A new random id.
    pub fn new_uuid(&self) -> String {
        let bits = u128::from(self.random.next_u64()) << 64 | u128::from(self.random.next_u64());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid().to_string()
    }

    /// Bytes that one query may hold.
    pub fn query_memory_bytes(&self) -> u64 {
        let share = self.memory.limit_bytes() / 100 * u64::from(self.config.query.memory_percent);
        share.min(self.config.query.memory_bytes)
    }

    /// The limits of the process by name, as clients may read them.
    pub fn limits_shown(&self) -> Value {
        let (http, query) = (&self.config.http, &self.config.query);
        json!({
            "queryBodyBytes": http.max_query_bytes,
            "specBodyBytes": http.max_spec_bytes,
            "connections": http.max_connections,
            "concurrentQueries": self.admission.max_running(),
            "queuedQueries": query.max_queued,
            "queryTimeoutMs": query.timeout_ms,
            "maxQueryTimeoutMs": query.max_timeout_ms,
            "queryMemoryBytes": self.query_memory_bytes(),
            "spillBytes": self.spill.budget.limit_bytes(),
            "memoryBytes": self.memory.limit_bytes(),
            "queryThreads": self.pool.num_threads(),
            "cutMaxAgeMs": self.config.ingest.cut_max_age_ms,
            "cutMaxRows": self.config.ingest.cut_max_rows,
            "cutMaxBytes": self.config.ingest.cut_max_bytes,
        })
    }
}

/// Files without a name below the data directory: the system forgets them with the process.
fn spill_space(config: &Config, root: &Path) -> Result<SpillSpace, StartError> {
    let dir = root.join("spill");
    std::fs::create_dir_all(&dir).map_err(|why| StartError::Io { what: dir.display().to_string(), why })?;
    let budget = MemoryBudget::new("disk of all queries", config.query.spill_bytes);
    Ok(SpillSpace { files: Arc::new(move || tempfile::tempfile_in(&dir)), budget })
}

/// What lookups may reach: what tasks and supervisors may.
fn lookup_world(config: &Config, ingest: &IngestContext) -> lookups::World {
    lookups::World {
        reach: Reach {
            allowed_directories: config.ingest.allowed_directories.clone(),
            allowed_origins: config.ingest.allowed_origins.clone(),
        },
        connect: ingest.connect.clone(),
        environment: ingest.environment.clone(),
        property_policy: ingest.property_policy.clone(),
    }
}

fn num_cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

async fn open_metastore(
    config: &Config,
    root: &Path,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Result<Arc<dyn Metastore>, StartError> {
    let url = match &config.metastore.url {
        Some(url) => url.clone(),
        None => format!("sqlite:{}", root.join("metastore.sqlite").display()),
    };
    let mut options = metastore::Options::new(Arc::clone(clock), Arc::clone(random));
    options.hook = Arc::new(storage::fail::point);
    Ok(metastore::open(&url, options).await?)
}

fn open_storage(config: &Config, root: &Path) -> Result<DeepStorage, StartError> {
    match &config.storage.url {
        Some(url) => {
            let options: Vec<(String, String)> = std::env::vars()
                .filter(|(name, _)| ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix)))
                .map(|(name, value)| (name.to_ascii_lowercase(), value))
                .collect();
            Ok(DeepStorage::open(url, &options)?)
        }
        None => Ok(DeepStorage::local(&root.join("segments"))?),
    }
}

fn open_cache(config: &Config, root: &Path, storage: &DeepStorage) -> Result<Arc<SegmentCache>, StartError> {
    let dir: PathBuf = config.storage.cache_dir.clone().unwrap_or_else(|| root.join("cache"));
    let disk: Arc<dyn Disk> = Arc::new(RealDisk::open(&dir)?);
    let capacity = config.storage.cache_size.unwrap_or(u64::MAX);
    Ok(Arc::new(SegmentCache::open(disk, storage.clone(), capacity)?))
}

fn ingest_limits(config: &Config, memory_bytes: u64) -> IngestLimits {
    let ingest = &config.ingest;
    IngestLimits {
        cut_period: Duration::from_millis(ingest.cut_max_age_ms),
        cut_rows: ingest.cut_max_rows,
        cut_bytes: ingest.cut_max_bytes,
        compaction_period: Some(Duration::from_millis(ingest.compaction_period_ms)).filter(|period| !period.is_zero()),
        live_bytes: (memory_bytes / 5).max(64 << 20),
        ..IngestLimits::default()
    }
}
