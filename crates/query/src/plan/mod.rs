//! A question as meant: what is grouped, what is folded, over which rows.

mod buckets;
mod prune;

use std::sync::Arc;

use aggregate::AggregatorSpec;
use expression::{DimensionSpec, ExtractionFn};
use segment::SegmentRef;
use timeline::{Granularity, Interval};

pub(crate) use buckets::{Buckets, Run, Runs, bucket_starts, count_buckets, filled, runs_of};
pub(crate) use prune::prune;

use crate::aggregations::{Aggregation, How, MaskFilter};
use crate::exec::ExecContext;
use crate::finalize::Table;
use crate::model::Common;
use crate::partial::{Chunks, Place};
use crate::{Query, Result};

/// Segments to read and whether they stand for a table: other sources have no time of their own.
#[derive(Clone)]
pub(crate) struct Scope {
    pub segments: Vec<SegmentRef>,
    pub is_table: bool,
    /// Time chunks that have rows, where the segments do not show them: what bounds the filling of empty buckets.
    pub chunks: Option<Chunks>,
    /// Rows beside those of the segments, more than memory holds.
    pub later: Option<Arc<dyn Later>>,
}

/// Segments that are made while they are read, one after the other.
pub(crate) trait Later: Send + Sync {
    fn for_each(&self, exec: &ExecContext, take: &mut dyn FnMut(SegmentRef) -> Result<()>) -> Result<()>;
}

impl Scope {
    pub fn of_table(segments: Vec<SegmentRef>) -> Self {
        Self { segments, is_table: true, chunks: None, later: None }
    }

    /// Rows that are no table's.
    pub fn of_rows(segment: SegmentRef) -> Self {
        Self { segments: vec![segment], is_table: false, chunks: None, later: None }
    }

    /// Rows that are no table's and made while they are read. Only where [`crate::sources::Asked::by_parts`] says so.
    pub fn of_later(later: Arc<dyn Later>) -> Self {
        Self { segments: Vec::new(), is_table: false, chunks: None, later: Some(later) }
    }

    /// The time chunks that have rows.
    pub fn chunks(&self) -> Chunks {
        if let Some(chunks) = &self.chunks {
            return chunks.clone();
        }
        let mut chunks = Chunks::default();
        for (place, segments) in Place::runs(&self.segments) {
            let ranges = segments.iter().filter(|segment| segment.num_rows() > 0).map(|segment| segment.time_range());
            let spanning = |all: Interval, range: Interval| Interval {
                start: all.start.min(range.start),
                end: all.end.max(range.end),
            };
            if let Some(rows) = ranges.reduce(spanning) {
                chunks.add(place, rows);
            }
        }
        chunks
    }

    /// Each segment that the query may read turned into another, on all threads. Time chunks stay.
    pub fn view(
        self,
        query: &Query,
        exec: &ExecContext,
        view: impl Fn(SegmentRef) -> Result<SegmentRef> + Send + Sync + 'static,
    ) -> Result<Scope> {
        let chunks = Some(self.chunks());
        let segments = exec.map(prune(&self.segments, query.intervals()), view)?;
        Ok(Scope { segments, is_table: self.is_table, chunks, later: None })
    }
}

/// The one plan behind timeseries, topN and groupBy.
#[derive(Clone)]
pub(crate) struct FoldPlan {
    pub common: Arc<Common>,
    pub granularity: Granularity,
    pub keys: Vec<DimensionSpec>,
    /// Functions that keys go through once they are groups.
    pub deferred: Vec<Option<ExtractionFn>>,
    /// What is folded, in the order of the state columns.
    pub specs: Vec<Arc<dyn AggregatorSpec>>,
    /// The mask of each fold.
    pub masks: Vec<Option<Arc<MaskFilter>>>,
    /// Rows with an empty list of values belong to no group, instead of that of null.
    pub drop_empty_lists: bool,
    /// Refuse dimensions of several values.
    pub single_values_only: bool,
    /// What of the groups can be in an answer, where their keys tell.
    pub first: Option<FirstKeys>,
    /// The same, where time tells.
    pub first_groups: Option<FirstGroups>,
}

/// Only so many groups can be in the answer: the first ones in the order of their buckets, or the last ones.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FirstGroups {
    pub most: usize,
    pub are_last: bool,
}

/// Only groups among the first so many values of a key can be in the answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FirstKeys {
    /// The place of the key.
    pub key: usize,
    pub how: crate::order::How,
    pub descending: bool,
    /// Values other than null.
    pub most: usize,
}

impl FoldPlan {
    pub fn new(
        common: Arc<Common>,
        granularity: Granularity,
        keys: Vec<DimensionSpec>,
        aggregations: &[Aggregation],
    ) -> Self {
        let mut plan = FoldPlan {
            common,
            granularity,
            deferred: vec![None; keys.len()],
            keys,
            specs: Vec::new(),
            masks: Vec::new(),
            drop_empty_lists: false,
            single_values_only: false,
            first: None,
            first_groups: None,
        };
        for aggregation in aggregations {
            if let How::Fold { spec, filter } = &aggregation.how {
                plan.specs.push(spec.clone());
                plan.masks.push(filter.clone());
            }
        }
        plan
    }

    /// Groups by values instead of what functions make of them, where the functions tell all values apart.
    pub fn defer_extraction(&mut self) {
        for (key, deferred) in self.keys.iter_mut().zip(&mut self.deferred) {
            if let Some((plain, extraction)) = key.deferred() {
                *key = plain;
                *deferred = Some(extraction);
            }
        }
    }

    /// The table with the deferred functions applied to its keys, which have these names.
    pub fn extracted(&self, names: &[String], table: Table) -> Result<Table> {
        if self.deferred.iter().all(Option::is_none) {
            return Ok(table);
        }
        let mut shown = Table::new(table.num_rows());
        for (name, values) in table.columns() {
            let at = names.iter().position(|key| key == name);
            let extraction = at.and_then(|at| self.deferred.get(at)).and_then(Option::as_ref);
            shown.push(name, extraction.map_or_else(|| values.clone(), |extraction| values.through(extraction)))?;
        }
        Ok(shown)
    }

    /// Of one of its intervals alone.
    pub fn within(&self, interval: Interval) -> Self {
        Self { common: Arc::new(self.common.within(interval)), ..self.clone() }
    }

    pub fn intervals(&self) -> &[Interval] {
        &self.common.intervals
    }

    /// Whether all rows fall in one bucket whatever their time.
    pub fn is_one_bucket(&self) -> bool {
        self.granularity.is_all()
    }
}
