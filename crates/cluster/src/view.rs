//! What a broker knows of one datasource, as of one snapshot.

use crate::volumes::Volumes;
use metastore::{Datasource, Lane, LaneId, Segment, Source};
use segment::SegmentRef;
use std::collections::BTreeMap;
use std::sync::Arc;
use timeline::Interval;

/// A published segment that can be scanned.
#[derive(Clone)]
pub struct Sealed {
    pub record: Arc<Segment>,
    pub segment: SegmentRef,
}

/// Where the live rows of a lane begin: everything below is in sealed segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    pub lane: LaneId,
    pub offset: i64,
}

/// Sealed segments and floors that belong together: read in one transaction, swapped in as one.
#[derive(Clone)]
pub struct View {
    pub datasource: String,
    pub datasource_id: String,
    pub snapshot: i64,
    /// By time chunk, version and partition number.
    pub sealed: Vec<Sealed>,
    /// Of the sealed segments.
    pub volumes: Volumes,
    pub floors: Vec<Floor>,
    pub sources: BTreeMap<String, Source>,
}

impl View {
    /// Joins what the metastore says with the segments that were opened for it.
    pub fn new(datasource: Datasource, sources: Vec<Source>, lanes: &[Lane], sealed: Vec<Sealed>) -> Self {
        Self {
            datasource: datasource.name,
            datasource_id: datasource.datasource_id,
            snapshot: datasource.snapshot,
            sealed,
            volumes: Volumes::default(),
            floors: lanes.iter().map(|lane| Floor { lane: lane.id(), offset: lane.next_offset }).collect(),
            sources: sources.into_iter().map(|source| (source.source_id.clone(), source)).collect(),
        }
    }

    /// Sealed segments of the time chunks that meet one of the intervals. Row times do not matter here: how far a
    /// time chunk is filled with empty buckets depends on all of its segments. With their places in the view.
    pub fn sealed_in<'a>(&'a self, intervals: &'a [Interval]) -> impl Iterator<Item = (usize, &'a Sealed)> {
        self.sealed.iter().enumerate().filter(move |(_, sealed)| {
            let chunk = sealed.record.interval();
            intervals.iter().any(|interval| interval.overlaps(&chunk))
        })
    }

    /// Rows in sealed segments.
    pub fn num_sealed_rows(&self) -> u64 {
        self.sealed.iter().map(|sealed| u64::try_from(sealed.record.rows).unwrap_or(0)).sum()
    }
}
