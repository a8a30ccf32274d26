//! Segments dealt to threads: a large one cut into pieces, many small ones together.

use std::ops::Range;

use segment::{SegmentRef, VECTOR_ROWS};

/// Rows of a segment below which it is not shared between threads.
const MIN_JOB_ROWS: usize = 64 * VECTOR_ROWS;
/// Rows of a segment up to which its groups are cheaper found among those of others than merged with them.
const SMALL_ROWS: usize = 8 * VECTOR_ROWS;
/// Jobs for each thread that small segments are dealt to, so that none waits long for another.
const JOBS_PER_THREAD: usize = 4;

/// Rows for one thread.
pub(super) enum Job {
    /// Rows of one segment.
    Piece {
        segment: SegmentRef,
        rows: Range<usize>,
        /// Whether there is no other one to merge its groups with.
        is_only: bool,
    },
    /// All rows of several small segments.
    Many(Vec<SegmentRef>),
}

impl Job {
    fn whole(segment: SegmentRef) -> Job {
        let rows = 0..segment.num_rows();
        Job::Piece { segment, rows, is_only: false }
    }
}

/// In the order of the segments; large ones are shared when there are more threads than segments.
pub(super) fn of(segments: &[SegmentRef], num_threads: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    let parts = num_threads.div_ceil(segments.len().max(1));
    let most = rows_together(segments, num_threads);
    let (mut together, mut num_together) = (Vec::new(), 0);
    for segment in segments {
        let num_rows = segment.num_rows();
        if num_together > 0 && (num_rows > SMALL_ROWS || num_together >= most) {
            jobs.push(joined(std::mem::take(&mut together)));
            num_together = 0;
        }
        if num_rows <= SMALL_ROWS {
            together.push(segment.clone());
            num_together += num_rows;
            continue;
        }
        let parts = parts.min(num_rows / MIN_JOB_ROWS).max(1);
        let step = num_rows.div_ceil(parts).next_multiple_of(VECTOR_ROWS).max(1);
        jobs.extend((0..num_rows).step_by(step).map(|start| Job::Piece {
            segment: segment.clone(),
            rows: start..num_rows.min(start + step),
            is_only: false,
        }));
    }
    if !together.is_empty() {
        jobs.push(joined(together));
    }
    if let [Job::Piece { is_only, .. }] = jobs.as_mut_slice() {
        *is_only = true;
    }
    jobs
}

/// Rows of small segments from which on a job has enough of them.
fn rows_together(segments: &[SegmentRef], num_threads: usize) -> usize {
    if num_threads <= 1 {
        return usize::MAX;
    }
    let small = segments.iter().map(|segment| segment.num_rows()).filter(|num_rows| *num_rows <= SMALL_ROWS);
    (small.sum::<usize>() / (num_threads * JOBS_PER_THREAD)).max(SMALL_ROWS)
}

fn joined(mut segments: Vec<SegmentRef>) -> Job {
    match segments.pop() {
        Some(only) if segments.is_empty() => Job::whole(only),
        last => {
            segments.extend(last);
            Job::Many(segments)
        }
    }
}
