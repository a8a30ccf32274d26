//! Segments dealt to threads: a large one cut into pieces, many small ones together.

use std::ops::Range;

use segment::{SegmentRef, VECTOR_ROWS};
use timeline::Interval;

use super::leaf::Shared;
use crate::intervals::intersect;
use crate::plan::FoldPlan;

/// Rows of a segment below which it is not shared between threads.
const MIN_JOB_ROWS: usize = 48 * VECTOR_ROWS;
/// Rows of a segment up to which its groups are cheaper found among those of others than merged with them.
const SMALL_ROWS: usize = 8 * VECTOR_ROWS;
/// Jobs for each thread that small segments are dealt to, so that none waits long for another.
const JOBS_PER_THREAD: usize = 4;

/// Pieces for each thread that large segments are cut into, where groups are few.
const PIECES_PER_THREAD: usize = 2;
/// Rows of a piece for each group of its keys, from which on it costs little to merge more pieces.
const ROWS_PER_CELL: usize = 256;

/// Rows for one thread.
pub(super) struct Job {
    /// One behind the other.
    pub pieces: Vec<Piece>,
    /// Rows of all pieces.
    pub num_rows: usize,
    /// Whether they are small segments, whose groups are found in one table whatever their dictionaries.
    pub is_joined: bool,
    /// Whether there are no others to merge its groups with.
    pub is_only: bool,
}

/// Rows of one segment.
pub(super) struct Piece {
    pub segment: SegmentRef,
    pub rows: Range<usize>,
    /// What the pieces of a segment have in common.
    pub shared: Shared,
}

/// In the order of the segments; large ones are shared when there are more threads than segments, or in several pieces
/// for each thread where that costs little, so that none waits long for another.
pub(super) fn of(plan: &FoldPlan, segments: &[SegmentRef], num_threads: usize) -> Vec<Job> {
    let mut jobs = Jobs::default();
    let read: Vec<(&SegmentRef, Range<usize>)> = segments
        .iter()
        .map(|segment| (segment, rows_reached(plan, segment)))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let most = [false, true].map(|are_small| rows_together(&read, are_small, num_threads));
    for (segment, rows) in &read {
        let is_small = is_small(segment);
        let parts = if is_small { 1 } else { parts(plan, segment, rows.len(), read.len(), num_threads) };
        let piece =
            |rows: Range<usize>, shared: &Shared| Piece { segment: (*segment).clone(), rows, shared: shared.clone() };
        let shared = Shared::default();
        if parts == 1 {
            jobs.push(piece(rows.clone(), &shared), is_small, most[usize::from(is_small)]);
            continue;
        }
        let step = rows.len().div_ceil(parts).next_multiple_of(VECTOR_ROWS).max(1);
        for start in rows.clone().step_by(step) {
            jobs.push(piece(start..rows.end.min(start + step), &shared), false, 0);
        }
    }
    let mut jobs = jobs.0;
    for job in &mut jobs {
        // Alone, it has none to be joined with.
        job.is_joined &= job.pieces.len() > 1;
    }
    if let [only] = jobs.as_mut_slice() {
        only.is_only = only.pieces.len() == 1;
    }
    jobs
}

#[derive(Default)]
struct Jobs(Vec<Job>);

impl Jobs {
    /// Adds to the last one of its kind, as long as that has not enough rows.
    fn push(&mut self, piece: Piece, is_joined: bool, most: usize) {
        let num_rows = piece.rows.len();
        let room = if is_joined { 0 } else { num_rows };
        match self.0.last_mut() {
            Some(last) if last.is_joined == is_joined && last.num_rows.saturating_add(room) <= most => {
                last.pieces.push(piece);
                last.num_rows += num_rows;
            }
            _ => self.0.push(Job { pieces: vec![piece], num_rows, is_joined, is_only: false }),
        }
    }
}

fn is_small(segment: &SegmentRef) -> bool {
    segment.num_rows() <= SMALL_ROWS
}

/// From the first row that the plan's intervals hold to the last, as far as that is seen without a look at each.
fn rows_reached(plan: &FoldPlan, segment: &SegmentRef) -> Range<usize> {
    let (first, last) = (plan.common.scanned.first(), plan.common.scanned.last());
    first.zip(last).map_or(0..0, |(first, last)| rows_within(segment, Interval { start: first.start, end: last.end }))
}

/// The rows of an interval; all where they are in no order and some may be inside.
pub(super) fn rows_within(segment: &SegmentRef, interval: Interval) -> Range<usize> {
    let range = segment.time_range();
    match (segment.sorted_times(), intersect(range, interval)) {
        (_, None) => 0..0,
        (Some(times), Some(met)) if met != range => times.rows_within(interval),
        _ => 0..segment.num_rows(),
    }
}

/// Pieces that so many rows of a large segment are cut into.
fn parts(plan: &FoldPlan, segment: &SegmentRef, num_rows: usize, num_segments: usize, num_threads: usize) -> usize {
    if num_threads <= 1 {
        return 1;
    }
    let least = num_threads.div_ceil(num_segments);
    let most = (num_threads * PIECES_PER_THREAD).div_ceil(num_segments).min(num_rows / MIN_JOB_ROWS);
    let are_numbers = plan.specs.iter().all(|spec| spec.state_type().is_number());
    let is_few = |cells: usize| cells * ROWS_PER_CELL <= num_rows / most.max(1);
    let is_cheap = are_numbers && num_cells(plan, segment).is_some_and(is_few);
    if is_cheap { most.max(1) } else { least.min(num_rows / MIN_JOB_ROWS).max(1) }
}

/// At most so many groups has each bucket, where that is seen without a look at the rows.
pub(super) fn num_cells(plan: &FoldPlan, segment: &SegmentRef) -> Option<usize> {
    let is_virtual = |name: &str| plan.common.virtual_columns.as_ref().is_some_and(|columns| columns.contains(name));
    plan.keys.iter().try_fold(1usize, |cells, key| {
        let column = segment.column(key.dimension()).filter(|_| !is_virtual(key.dimension()))?;
        let coded = column.dictionary().map(|dictionary| dictionary.len());
        let num_codes = coded.or_else(|| Some(column.number_codes()?.values().len()))?;
        cells.checked_mul(num_codes.max(1))
    })
}

/// Rows of small or of large segments that one job has.
fn rows_together(read: &[(&SegmentRef, Range<usize>)], are_small: bool, num_threads: usize) -> usize {
    if num_threads <= 1 {
        return usize::MAX;
    }
    let rows = read.iter().filter(|(segment, _)| is_small(segment) == are_small).map(|(_, rows)| rows.len());
    let rows: usize = rows.sum();
    match are_small {
        true => (rows / (num_threads * JOBS_PER_THREAD)).max(SMALL_ROWS),
        false => rows / (num_threads * PIECES_PER_THREAD),
    }
}
