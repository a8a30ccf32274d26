//! What batch tasks are given by the process.

use std::sync::Arc;

use metastore::Metastore;
use storage::{DeepStorage, Disk, SegmentCache};
use timeline::{Clock, Random};
use tokio::runtime::Handle;

use super::input::Reach;
use crate::Handoff;

/// Everything that tasks reach.
pub struct TaskContext {
    /// Facts: segments, tasks, leases.
    pub metastore: Arc<dyn Metastore>,
    /// Objects.
    pub storage: DeepStorage,
    /// Where queries of this node look for the images of segments, if they do.
    pub images: Option<Arc<SegmentCache>>,
    /// Who is told what went live, so that a task that succeeded can be queried.
    pub handoff: Arc<dyn Handoff>,
    /// Where rows go that do not fit in memory.
    pub disk: Arc<dyn Disk>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Where the calls of facts and objects run; tasks themselves are plain threads.
    pub runtime: Handle,
    /// What input sources may reach.
    pub reach: Reach,
    /// Tasks that run at the same time.
    pub max_running: usize,
    /// Unique among the nodes and the same after a restart.
    pub node: String,
    /// Host and port that clients reach.
    pub host: String,
    /// Port that clients reach.
    pub port: u16,
    /// Aggregators beyond the built-in ones.
    pub aggregators: &'static [&'static aggregate::Kind],
}
