//! Segments bound into one table with all of their rows, for readers to whom it does not matter which row lies where.

use aggregate::{ColumnType, Kind};
use timeline::Granularity;

use super::{Source, Table, merge};
use crate::{Result, RollupSchema, Segment, SegmentRef};

/// Whether rows of both mean the same side by side: the same columns of the same types, none of which holds values of
/// any type, whose common type would be another one.
pub fn goes_with(one: &dyn Segment, other: &dyn Segment) -> bool {
    let is_plain = |segment: &dyn Segment| {
        segment.schema().columns().iter().all(|column| !matches!(column.column_type, ColumnType::Value(_)))
    };
    one.schema() == other.schema() && one.metadata().aggregators == other.metadata().aggregators && is_plain(one)
}

/// The rows of all segments as they are: sorted, none folded with another, times not cut down. `more` are aggregator
/// kinds that are not built in. Fails as [`RollupSchema::of_segments`] and [`merge`] do.
pub fn bind(segments: &[SegmentRef], more: &[&Kind]) -> Result<Table> {
    let segments: Vec<&dyn Segment> = segments.iter().map(|segment| &**segment).collect();
    let mut schema = RollupSchema::of_segments(&segments, more)?;
    (schema.rollup, schema.query_granularity) = (false, Granularity::None);
    let sources: Vec<Source<'_>> = segments.into_iter().map(Source::all).collect();
    merge(&sources, &schema)
}
