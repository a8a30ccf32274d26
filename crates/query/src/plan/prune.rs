//! Segments that cannot hold an answer are left out before anything is read.

use segment::SegmentRef;
use timeline::Interval;

use crate::intervals::intersect;

/// Segments with rows inside the intervals.
pub(crate) fn prune(segments: &[SegmentRef], intervals: &[Interval]) -> Vec<SegmentRef> {
    let meets = |segment: &&SegmentRef| {
        segment.num_rows() > 0 && intervals.iter().any(|i| intersect(*i, segment.time_range()).is_some())
    };
    segments.iter().filter(meets).cloned().collect()
}
