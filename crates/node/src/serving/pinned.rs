//! A sealed segment whose image stays on disk while somebody reads it.

use segment::{ColumnRef, Schema, Segment, SegmentMetadata, SegmentRef, TimeRuns};
use storage::Pinned;
use timeline::{Interval, SegmentId};

pub(super) struct PinnedSegment {
    pub inner: SegmentRef,
    pub _image: Pinned,
}

impl Segment for PinnedSegment {
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

    fn time_runs(&self) -> Option<&TimeRuns> {
        self.inner.time_runs()
    }

    fn metadata(&self) -> &SegmentMetadata {
        self.inner.metadata()
    }
}
