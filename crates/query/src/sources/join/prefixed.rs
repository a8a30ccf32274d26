//! The right side of a join under the names that its columns have in the join.

use std::sync::Arc;

use segment::{ColumnRef, Over, Segment, SegmentRef, SortedTimes};

pub(super) struct Prefixed {
    pub segment: SegmentRef,
    pub prefix: Arc<str>,
}

impl Over for Prefixed {
    fn below(&self) -> &dyn Segment {
        &*self.segment
    }

    fn column_over(&self, name: &str) -> Option<ColumnRef> {
        self.segment.column(name.strip_prefix(&*self.prefix)?)
    }

    fn sorted_times_over(&self) -> Option<&SortedTimes> {
        None
    }
}
