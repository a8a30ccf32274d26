//! A question as meant: what is grouped, what is folded, over which rows.

mod buckets;
mod prune;

use std::sync::Arc;

use aggregate::AggregatorSpec;
use expression::DimensionSpec;
use segment::SegmentRef;
use timeline::{Granularity, Interval};

pub(crate) use buckets::{Buckets, Run, Runs, bucket_starts, filled, runs_of};
pub(crate) use prune::prune;

use crate::aggregations::{Aggregation, How, MaskFilter};
use crate::model::Common;

/// Segments to read and whether they stand for a table: other sources have no time of their own.
#[derive(Clone)]
pub(crate) struct Scope {
    pub segments: Vec<SegmentRef>,
    pub is_table: bool,
}

/// The one plan behind timeseries, topN and groupBy.
pub(crate) struct FoldPlan {
    pub common: Arc<Common>,
    pub granularity: Granularity,
    pub keys: Vec<DimensionSpec>,
    /// What is folded, in the order of the state columns.
    pub specs: Vec<Arc<dyn AggregatorSpec>>,
    /// The mask of each fold.
    pub masks: Vec<Option<Arc<MaskFilter>>>,
    /// Rows with an empty list of values belong to no group, instead of that of null.
    pub drop_empty_lists: bool,
    /// Refuse dimensions of several values.
    pub single_values_only: bool,
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
            keys,
            specs: Vec::new(),
            masks: Vec::new(),
            drop_empty_lists: false,
            single_values_only: false,
        };
        for aggregation in aggregations {
            if let How::Fold { spec, filter } = &aggregation.how {
                plan.specs.push(spec.clone());
                plan.masks.push(filter.clone());
            }
        }
        plan
    }

    pub fn intervals(&self) -> &[Interval] {
        &self.common.intervals
    }

    /// Whether all rows fall in one bucket whatever their time.
    pub fn is_one_bucket(&self) -> bool {
        self.granularity.is_all()
    }
}
