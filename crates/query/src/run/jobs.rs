//! Segments cut into pieces for threads.

use std::ops::Range;

use segment::{SegmentRef, VECTOR_ROWS};

use crate::partial::Place;

/// Rows of a segment below which it is not shared between threads.
const MIN_JOB_ROWS: usize = 64 * VECTOR_ROWS;

/// Rows of one segment for one thread.
pub(super) struct Job {
    pub segment: SegmentRef,
    pub rows: Range<usize>,
}

impl Job {
    /// The time chunk of the rows, and whose it is.
    pub(super) fn place(&self) -> Place {
        Place::of(self.segment.id())
    }
}

/// One job per segment; large ones are shared when there are more threads than segments.
pub(super) fn of(segments: &[SegmentRef], num_threads: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    let parts = num_threads.div_ceil(segments.len().max(1));
    for segment in segments {
        let num_rows = segment.num_rows();
        let parts = parts.min(num_rows / MIN_JOB_ROWS).max(1);
        let step = num_rows.div_ceil(parts).next_multiple_of(VECTOR_ROWS).max(1);
        jobs.extend(
            (0..num_rows)
                .step_by(step)
                .map(|start| Job { segment: segment.clone(), rows: start..num_rows.min(start + step) }),
        );
    }
    jobs
}
