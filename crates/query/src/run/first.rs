//! Groups that an answer shows in the order of time, the first or the last ones: no more rows are read than they need.

use std::sync::Arc;

use segment::SegmentRef;
use timeline::Interval;

use super::{fold_segments, jobs, merge_partials};
use crate::Result;
use crate::exec::ExecContext;
use crate::intervals::intersect;
use crate::partial::Partial;
use crate::plan::{FirstGroups, FoldPlan, Scope, count_buckets, prune};

/// Rows that are read at once: fewer are not worth a look at how many groups they made. Tests have few.
const LEAST_ROWS: usize = if cfg!(test) { 4 } else { 1 << 17 };
/// So many times the rows that the missing groups seem to need are read next, or of those so far where none was met.
const MARGIN: f64 = 1.25;
const MORE: usize = 8;

/// Folds whole buckets, one behind the other, until there are as many groups as are wanted. What other leaves know of
/// these buckets can only add groups to them, so that no row of the answer is missed.
pub(super) fn fold(plan: &Arc<FoldPlan>, first: &FirstGroups, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
    let segments = prune(&scope.segments, &plan.common.scanned);
    let mut left = match bounds(plan, &segments) {
        Some(bounds) if may_have_more(plan, &segments, bounds, first.most) => bounds,
        _ => return fold_segments(plan, scope, exec),
    };
    let (mut parts, mut num_groups, mut num_rows, mut wanted) = (Vec::new(), 0, 0, LEAST_ROWS.max(first.most));
    loop {
        let (near, read) = nearest(plan, &segments, left, wanted, first.are_last);
        let part = fold_segments(&Arc::new(plan.within(near)), scope, exec)?;
        left = if first.are_last { Interval { end: near.start, ..left } } else { Interval { start: near.end, ..left } };
        num_rows += read;
        match part.num_groups() {
            Some(more) => num_groups += more,
            // How many groups are on disk is not known.
            None => wanted = usize::MAX,
        }
        parts.push(part);
        if left.start >= left.end || num_groups >= first.most {
            return merge_partials(&plan.specs, parts, exec);
        }
        wanted = wanted.max(match num_groups {
            0 => num_rows.saturating_mul(MORE),
            _ => (num_rows as f64 * (first.most - num_groups) as f64 / num_groups as f64 * MARGIN) as usize,
        });
    }
}

/// From the first row to the last.
fn bounds(plan: &FoldPlan, segments: &[SegmentRef]) -> Option<Interval> {
    let (first, last) = (plan.common.scanned.first()?, plan.common.scanned.last()?);
    let ranges = || segments.iter().map(|segment| segment.time_range());
    let rows =
        Interval { start: ranges().map(|range| range.start).min()?, end: ranges().map(|range| range.end).max()? };
    intersect(rows, Interval { start: first.start, end: last.end })
}

/// Whether there seem to be more groups than are wanted.
fn may_have_more(plan: &FoldPlan, segments: &[SegmentRef], bounds: Interval, most: usize) -> bool {
    let num_buckets = count_buckets(bounds, &plan.granularity);
    let mut cells = segments.iter().map(|segment| jobs::num_cells(plan, segment));
    let cells = cells.try_fold(1, |most, cells| Some(usize::max(most, cells?)));
    num_buckets > 1 && cells.is_none_or(|cells| cells.saturating_mul(num_buckets) > most)
}

/// Buckets next to the beginning, or to the end, that have at least so many rows, and how many. All that is left where
/// that is not much more.
fn nearest(
    plan: &FoldPlan,
    segments: &[SegmentRef],
    left: Interval,
    wanted: usize,
    are_last: bool,
) -> (Interval, usize) {
    let mut rows: Vec<_> = segments.iter().map(|segment| (segment, jobs::rows_within(segment, left))).collect();
    let num_rows: usize = rows.iter().map(|(_, rows)| rows.len()).sum();
    if wanted >= num_rows / 2 {
        return (left, num_rows);
    }
    match are_last {
        true => rows.sort_by_key(|(segment, _)| std::cmp::Reverse(segment.time_range().end)),
        false => rows.sort_by_key(|(segment, _)| segment.time_range().start),
    }
    let mut missing = wanted;
    let reached = rows.into_iter().find(|(_, rows)| {
        let is_enough = rows.len() >= missing;
        missing -= rows.len().min(missing) * usize::from(!is_enough);
        is_enough
    });
    let Some((segment, rows)) = reached else { return (left, num_rows) };
    let range = segment.time_range();
    let near = if are_last {
        let time = segment.sorted_times().map_or(range.start, |times| times.time_of(rows.end - missing));
        Interval { start: plan.granularity.bucket(time).start.max(left.start), ..left }
    } else {
        let time = segment.sorted_times().map_or(range.end - 1, |times| times.time_of(rows.start + missing - 1));
        Interval { end: plan.granularity.bucket(time).end.min(left.end), ..left }
    };
    (near, segments.iter().map(|segment| jobs::rows_within(segment, near).len()).sum())
}
