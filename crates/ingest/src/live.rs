//! Rows that are not yet published, as queries find them.

use std::collections::BTreeMap;
use std::sync::Arc;

use metastore::LaneId;
use parking_lot::RwLock;
use segment::SegmentRef;

/// A lane by the names that clients know.
#[derive(Debug, Clone)]
pub struct LanePart {
    /// Supervisor that reads the lane.
    pub supervisor_id: Arc<str>,
    /// Topic that the lane is a partition of.
    pub topic: Arc<str>,
    /// The lane.
    pub lane: LaneId,
}

/// The rows of one lane from a floor on.
#[derive(Clone)]
pub struct LivePart {
    /// Which lane.
    pub part: LanePart,
    /// First offset that is in.
    pub floor: i64,
    /// Offset after the last one that is in; everything from `floor` to here is accounted for.
    pub covered: i64,
    /// Time of the log of the newest record counted, in ms.
    pub newest_ms: Option<i64>,
    /// Snapshots, one or more per time chunk; the chunk is the interval of their id. They never change.
    pub segments: Vec<SegmentRef>,
}

/// The rows asked for are not here: the lane stands elsewhere. Read the view anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lane {lane} can be read from {floor:?}, not from {asked}")]
pub struct MovedOn {
    /// The lane.
    pub lane: LaneId,
    /// The floor asked for.
    pub asked: i64,
    /// The lowest floor it can be read from.
    pub floor: Option<i64>,
}

/// One lane's rows as the reader keeps them.
pub(crate) trait LaneRows: Send + Sync {
    /// The lane.
    fn lane(&self) -> LaneId;
    /// Every chunk from one consistent moment, the open one last, without a gap between them.
    fn chunks(&self) -> Vec<LivePart>;
    /// Everything from `floor` on, from one consistent moment.
    fn read(&self, floor: i64) -> Result<LivePart, MovedOn>;
}

type Lanes = BTreeMap<LaneId, Arc<dyn LaneRows>>;

/// All lanes that this process reads. A view of a datasource names lanes and floors (the committed offsets of
/// its snapshot); the rows from there on are found here.
#[derive(Default)]
pub struct LiveParts {
    datasources: RwLock<BTreeMap<String, Lanes>>,
}

impl LiveParts {
    /// Rows of a datasource (by name) above the floors. Lanes that are not read here, and lanes that the floors
    /// do not name (they are younger than the view), are left out. A lane whose rows do not reach down to
    /// its floor, or have no edge there, is an error: the caller refreshes its view and asks again.
    pub fn snapshots(&self, datasource: &str, floors: &[(LaneId, i64)]) -> Result<Vec<LivePart>, MovedOn> {
        let lanes: Vec<(Arc<dyn LaneRows>, i64)> = {
            let datasources = self.datasources.read();
            let Some(lanes) = datasources.get(datasource) else { return Ok(Vec::new()) };
            let found = |(lane, floor): &(LaneId, i64)| lanes.get(lane).map(|rows| (rows.clone(), *floor));
            floors.iter().filter_map(found).collect()
        };
        lanes.iter().map(|(rows, floor)| rows.read(*floor)).collect()
    }

    /// Rows of a datasource (by name) chunk by chunk: of every lane in the order of its offsets, without gaps. The
    /// last part of a lane is the open chunk, which may be empty. Whoever asks takes the parts at and above the
    /// floors of its view.
    pub fn parts(&self, datasource: &str) -> Vec<LivePart> {
        let lanes: Vec<Arc<dyn LaneRows>> = match self.datasources.read().get(datasource) {
            Some(lanes) => lanes.values().cloned().collect(),
            None => return Vec::new(),
        };
        lanes.iter().flat_map(|rows| rows.chunks()).collect()
    }

    /// The lanes read here, by datasource.
    pub fn lanes(&self, datasource: &str) -> Vec<LaneId> {
        self.datasources.read().get(datasource).map(|lanes| lanes.keys().cloned().collect()).unwrap_or_default()
    }

    /// Datasources with at least one lane here.
    pub fn datasources(&self) -> Vec<String> {
        self.datasources.read().keys().cloned().collect()
    }

    pub(crate) fn add(&self, datasource: &str, rows: Arc<dyn LaneRows>) {
        self.datasources.write().entry(datasource.to_owned()).or_default().insert(rows.lane(), rows);
    }

    pub(crate) fn remove(&self, datasource: &str, lane: &LaneId) {
        let mut datasources = self.datasources.write();
        if let Some(lanes) = datasources.get_mut(datasource) {
            lanes.remove(lane);
            if lanes.is_empty() {
                datasources.remove(datasource);
            }
        }
    }
}
