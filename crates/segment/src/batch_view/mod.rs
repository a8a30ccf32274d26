//! Arrow columns in memory as a segment: parsed batches, inline rows, answers of subqueries.

mod builder;
mod column;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use timeline::{Interval, SegmentId};

pub use builder::BatchViewBuilder;
pub(crate) use builder::{list_array, string_column};
pub use column::ArrayColumn;
pub(crate) use column::{bounds, take_rows};

use crate::{ColumnRef, Schema, Segment, SegmentMetadata, SortedTimes};

/// A segment of columns held in memory.
pub struct BatchView {
    id: SegmentId,
    schema: Schema,
    num_rows: usize,
    time_range: Interval,
    runs: Option<SortedTimes>,
    columns: HashMap<Arc<str>, ColumnRef>,
    metadata: SegmentMetadata,
}

impl BatchView {
    pub fn builder() -> BatchViewBuilder {
        BatchViewBuilder::default()
    }
}

impl Segment for BatchView {
    fn id(&self) -> &SegmentId {
        &self.id
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn num_rows(&self) -> usize {
        self.num_rows
    }

    fn time_range(&self) -> Interval {
        self.time_range
    }

    fn column(&self, name: &str) -> Option<ColumnRef> {
        self.columns.get(name).cloned()
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        self.runs.as_ref()
    }

    fn metadata(&self) -> &SegmentMetadata {
        &self.metadata
    }
}
