//! A segment and what its rows rest on.

use timeline::{Interval, SegmentId};

use crate::{ColumnRef, Schema, Segment, SegmentMetadata, SegmentRef, SortedTimes};

/// The segment that it holds, and a guard that lives as long as somebody may read it: a file that has to stay, memory
/// that is accounted for.
pub struct Held<G> {
    inner: SegmentRef,
    _guard: G,
}

impl<G> Held<G> {
    pub fn new(inner: SegmentRef, guard: G) -> Self {
        Self { inner, _guard: guard }
    }
}

impl<G: Send + Sync> Segment for Held<G> {
    fn id(&self) -> &SegmentId {
        self.inner.id()
    }

    fn schema(&self) -> &Schema {
        self.inner.schema()
    }

    fn num_rows(&self) -> usize {
        self.inner.num_rows()
    }

    fn time_range(&self) -> Interval {
        self.inner.time_range()
    }

    fn column(&self, name: &str) -> Option<ColumnRef> {
        self.inner.column(name)
    }

    fn sorted_times(&self) -> Option<&SortedTimes> {
        self.inner.sorted_times()
    }

    fn metadata(&self) -> &SegmentMetadata {
        self.inner.metadata()
    }
}
