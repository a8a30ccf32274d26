//! Segments that are others but for some columns.

use timeline::{Interval, SegmentId};

use crate::{ColumnRef, Schema, Segment, SegmentMetadata, SortedTimes};

/// A segment that has the rows of another one, and says what of it differs.
pub trait Over: Send + Sync {
    /// The other segment.
    fn below(&self) -> &dyn Segment;

    /// As [`Segment::column`].
    fn column_over(&self, name: &str) -> Option<ColumnRef> {
        self.below().column(name)
    }

    /// As [`Segment::sorted_times`]: `None` where `__time` is not that of the other segment.
    fn sorted_times_over(&self) -> Option<&SortedTimes> {
        self.below().sorted_times()
    }
}

impl<S: Over> Segment for S {
    fn id(&self) -> &SegmentId {
        self.below().id()
    }

    fn schema(&self) -> &Schema {
        self.below().schema()
    }

    fn num_rows(&self) -> usize {
        self.below().num_rows()
    }

    fn time_range(&self) -> Interval {
        self.below().time_range()
    }

    fn column(&self, name: &str) -> Option<ColumnRef> {
        self.column_over(name)
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        self.sorted_times_over()
    }

    fn metadata(&self) -> &SegmentMetadata {
        self.below().metadata()
    }
}
