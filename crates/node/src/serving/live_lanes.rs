//! Live rows of this process as the cluster asks for them.

use cluster::{Floor, LivePart, LiveRows, MovedOn};
use ingest::LiveParts;
use metastore::LaneId;
use std::sync::Arc;

/// Joins the two rooms' words for live rows.
pub struct LiveLanes(Arc<LiveParts>);

impl LiveLanes {
    pub fn new(live: Arc<LiveParts>) -> Self {
        Self(live)
    }
}

impl LiveRows for LiveLanes {
    fn parts(&self, datasource: &str, floors: &[Floor]) -> Result<Vec<LivePart>, MovedOn> {
        let floors: Vec<(LaneId, i64)> = floors.iter().map(|floor| (floor.lane.clone(), floor.offset)).collect();
        match self.0.snapshots(datasource, &floors) {
            Ok(parts) => Ok(parts.into_iter().map(part).collect()),
            Err(moved) => Err(MovedOn { lane: moved.lane, asked: moved.asked, begins: moved.floor }),
        }
    }
}

fn part(part: ingest::LivePart) -> LivePart {
    LivePart {
        lane: part.part.lane,
        from: part.floor,
        to: part.covered,
        newest_ms: part.newest_ms,
        segments: part.segments,
    }
}
