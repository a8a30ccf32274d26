//! A member that holds rows. Live rows are asked for by lane and floor; a member never answers with other rows than
//! were asked for.

use crate::view::{Floor, View};
use metastore::LaneId;
use segment::SegmentRef;
use std::collections::HashMap;
use std::sync::Arc;

/// The rows of one lane from one contiguous range of offsets, by time chunk.
#[derive(Clone)]
pub struct LivePart {
    pub lane: LaneId,
    /// First offset of the range.
    pub from: i64,
    /// End of the range, exclusive.
    pub to: i64,
    /// Kafka time of the newest record counted, if there is one.
    pub newest_ms: Option<i64>,
    pub segments: Vec<SegmentRef>,
}

/// Who has live rows in this process.
pub trait LiveRows: Send + Sync {
    /// Parts of a datasource at and above the floors, of every lane in order of their offsets. Lanes that the floors
    /// do not name are left out.
    fn parts(&self, datasource: &str, floors: &[Floor]) -> Result<Vec<LivePart>, MovedOn>;
}

/// The member no longer has, or never had, rows that begin at the floor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lane {lane} was asked from offset {asked}, and its rows begin at {begins:?}")]
pub struct MovedOn {
    pub lane: LaneId,
    pub asked: i64,
    pub begins: Option<i64>,
}

/// A member as the root sees it.
#[derive(Clone)]
pub enum LeafClient {
    /// Rows of this process, passed by reference.
    Local(Arc<dyn LiveRows>),
}

impl LeafClient {
    /// The live rows that belong to a view: of every lane the parts at and above its floor.
    ///
    /// Errors: [`MovedOn`] when the parts of a lane have no edge at its floor, or a gap after it.
    pub fn live_parts(&self, view: &View) -> Result<Vec<LivePart>, MovedOn> {
        let Self::Local(rows) = self;
        above_floors(&view.floors, rows.parts(&view.datasource, &view.floors)?)
    }
}

fn above_floors(floors: &[Floor], parts: Vec<LivePart>) -> Result<Vec<LivePart>, MovedOn> {
    let mut next: HashMap<LaneId, i64> = floors.iter().map(|floor| (floor.lane.clone(), floor.offset)).collect();
    let mut chosen = Vec::with_capacity(parts.len());
    for part in parts {
        // A lane that the view does not know was opened after it: its rows belong to a later view.
        let Some(next) = next.get_mut(&part.lane) else {
            continue;
        };
        if part.to <= *next && part.from < *next {
            continue;
        }
        if part.from != *next {
            return Err(MovedOn { lane: part.lane, asked: *next, begins: Some(part.from) });
        }
        *next = part.to;
        chosen.push(part);
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(partition: i32) -> LaneId {
        LaneId { source_id: "s".into(), source_gen: 1, partition }
    }

    fn part(partition: i32, from: i64, to: i64) -> LivePart {
        LivePart { lane: lane(partition), from, to, newest_ms: None, segments: Vec::new() }
    }

    fn ranges(floor: i64, parts: Vec<LivePart>) -> Result<Vec<(i64, i64)>, MovedOn> {
        let floors = [Floor { lane: lane(0), offset: floor }];
        above_floors(&floors, parts).map(|parts| parts.iter().map(|part| (part.from, part.to)).collect())
    }

    #[test]
    fn trap_56_published_parts_are_left_out() {
        assert_eq!(ranges(10, vec![part(0, 0, 10), part(0, 10, 15)]), Ok(vec![(10, 15)]));
    }

    #[test]
    fn a_part_across_the_floor_is_refused() {
        assert_eq!(ranges(12, vec![part(0, 10, 15)]), Err(MovedOn { lane: lane(0), asked: 12, begins: Some(10) }));
    }

    #[test]
    fn rows_that_begin_above_the_floor_are_refused() {
        assert!(ranges(10, vec![part(0, 11, 15)]).is_err());
        assert!(ranges(10, vec![part(0, 10, 12), part(0, 13, 15)]).is_err());
    }

    #[test]
    fn a_lane_without_rows_and_an_unknown_lane_do_no_harm() {
        assert_eq!(ranges(10, vec![part(7, 0, 5)]), Ok(vec![]));
    }

    #[test]
    fn an_empty_open_chunk_at_the_floor_is_taken() {
        assert_eq!(ranges(10, vec![part(0, 5, 10), part(0, 10, 10)]), Ok(vec![(10, 10)]));
    }
}
