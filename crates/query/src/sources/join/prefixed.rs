//! The right side of a join under the names that its columns have in the join.

use std::sync::Arc;

use segment::{ColumnRef, Schema, Segment, SegmentMetadata, SegmentRef, SortedTimes};
use timeline::{Interval, SegmentId};

pub(super) struct Prefixed {
    pub segment: SegmentRef,
    pub prefix: Arc<str>,
}

impl Segment for Prefixed {
    fn id(&self) -> &SegmentId {
        self.segment.id()
    }

    fn schema(&self) -> &Schema {
        self.segment.schema()
    }

    fn num_rows(&self) -> usize {
        self.segment.num_rows()
    }

    fn time_range(&self) -> Interval {
        self.segment.time_range()
    }

    fn column(&self, name: &str) -> Option<ColumnRef> {
        self.segment.column(name.strip_prefix(&*self.prefix)?)
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        None
    }

    fn metadata(&self) -> &SegmentMetadata {
        self.segment.metadata()
    }
}
