//! Segments dealt to threads: a large one cut into pieces, many small ones together.

use std::ops::Range;

use segment::{SegmentRef, VECTOR_ROWS};

use super::leaf::Shared;
use crate::plan::FoldPlan;

/// Rows of a segment below which it is not shared between threads.
const MIN_JOB_ROWS: usize = 64 * VECTOR_ROWS;
/// Rows of a segment up to which its groups are cheaper found among those of others than merged with them.
const SMALL_ROWS: usize = 8 * VECTOR_ROWS;
/// Jobs for each thread that small segments are dealt to, so that none waits long for another.
const JOBS_PER_THREAD: usize = 4;

/// Pieces for each thread that large segments are cut into, where groups are few.
const PIECES_PER_THREAD: usize = 2;
/// Rows of a piece for each group of its keys, from which on it costs little to merge more pieces.
const ROWS_PER_CELL: usize = 256;

/// Rows for one thread.
pub(super) enum Job {
    Piece(Piece),
    /// All rows of several small segments.
    Many(Vec<SegmentRef>),
}

/// Rows of one segment.
pub(super) struct Piece {
    pub segment: SegmentRef,
    pub rows: Range<usize>,
    /// Whether there is no other one to merge its groups with.
    pub is_only: bool,
    /// What the pieces of a segment have in common.
    pub shared: Shared,
}

impl Job {
    fn whole(segment: SegmentRef) -> Job {
        let rows = 0..segment.num_rows();
        Job::Piece(Piece { segment, rows, is_only: false, shared: Shared::default() })
    }
}

/// In the order of the segments; large ones are shared when there are more threads than segments, or in several pieces
/// for each thread where that costs little, so that none waits long for another.
pub(super) fn of(plan: &FoldPlan, segments: &[SegmentRef], num_threads: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
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
        let parts = parts(plan, segment, segments.len(), num_threads);
        let step = num_rows.div_ceil(parts).next_multiple_of(VECTOR_ROWS).max(1);
        let shared = Shared::default();
        jobs.extend((0..num_rows).step_by(step).map(|start| {
            let rows = start..num_rows.min(start + step);
            Job::Piece(Piece { segment: segment.clone(), rows, is_only: false, shared: shared.clone() })
        }));
    }
    if !together.is_empty() {
        jobs.push(joined(together));
    }
    if let [Job::Piece(piece)] = jobs.as_mut_slice() {
        piece.is_only = true;
    }
    jobs
}

/// Pieces that a large segment is cut into.
fn parts(plan: &FoldPlan, segment: &SegmentRef, num_segments: usize, num_threads: usize) -> usize {
    if num_threads <= 1 {
        return 1;
    }
    let (num_rows, num_segments) = (segment.num_rows(), num_segments.max(1));
    let least = num_threads.div_ceil(num_segments);
    let most = (num_threads * PIECES_PER_THREAD).div_ceil(num_segments).min(num_rows / MIN_JOB_ROWS);
    let are_numbers = plan.specs.iter().all(|spec| spec.state_type().is_number());
    let is_few = |cells: usize| cells * ROWS_PER_CELL <= num_rows / most.max(1);
    let is_cheap = are_numbers && num_cells(plan, segment).is_some_and(is_few);
    if is_cheap { most.max(1) } else { least.min(num_rows / MIN_JOB_ROWS).max(1) }
}

/// At most so many groups has each bucket, where that is seen without a look at the rows.
fn num_cells(plan: &FoldPlan, segment: &SegmentRef) -> Option<usize> {
    let is_virtual = |name: &str| plan.common.virtual_columns.as_ref().is_some_and(|columns| columns.contains(name));
    plan.keys.iter().try_fold(1usize, |cells, key| {
        let column = segment.column(key.dimension()).filter(|_| !is_virtual(key.dimension()))?;
        let coded = column.dictionary().map(|dictionary| dictionary.len());
        let num_codes = coded.or_else(|| Some(column.number_codes()?.values().len()))?;
        cells.checked_mul(num_codes.max(1))
    })
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
