//! Plans over segments.

mod dense;
mod inputs;
mod jobs;
mod keys;
mod leaf;
mod mask;
mod merge;
mod pool;
mod scan;
mod selection;

use std::sync::Arc;

use expression::Filter;
use segment::{SegmentRef, VECTOR_ROWS};
use timeline::Interval;

pub(crate) use merge::{merge_folds, merge_partials, regroup};
pub(crate) use pool::TextPool;
pub(crate) use scan::{ScanBatch, ScanPlan, ScanRows, scan, values_of};
pub(crate) use selection::Selection;

use crate::exec::ExecContext;
use crate::partial::FoldPartial;
use crate::plan::{FoldPlan, Scope, prune};
use crate::{Error, Result};

/// Folds the segments' rows into groups, on all threads, and merges what they made.
pub(crate) fn fold(plan: &Arc<FoldPlan>, scope: &Scope, exec: &ExecContext) -> Result<FoldPartial> {
    let segments = prune(&scope.segments, &plan.common.scanned);
    let (work, context) = (plan.clone(), exec.clone());
    let jobs = jobs::of(&segments, exec.executor.num_threads());
    let chunk_of: Vec<Interval> = jobs.iter().map(jobs::Job::chunk).collect();
    let parts = exec.map(jobs, move |job| leaf::fold(&work, &job, &context))?;
    let mut chunks = scope.chunks();
    for (chunk, part) in chunk_of.into_iter().zip(&parts) {
        if part.is_some() {
            chunks.meet(chunk);
        }
    }
    let mut merged = merge_folds(&plan.specs, parts.into_iter().flatten().collect(), plan.keys.len(), exec)?;
    merged.chunks = chunks;
    Ok(merged)
}

/// One verdict per row of a small segment.
pub(crate) fn verdicts(filter: &Filter, segment: &SegmentRef) -> Result<Vec<bool>> {
    let bound = filter.bind(segment)?;
    let mut all = Vec::with_capacity(segment.num_rows());
    let mut words = Vec::new();
    for start in (0..segment.num_rows()).step_by(VECTOR_ROWS) {
        let rows = start..segment.num_rows().min(start + VECTOR_ROWS);
        bound.mask(rows.clone(), false, &mut words)?;
        all.extend((0..rows.len()).map(|row| mask::bit(&words, row)));
    }
    Ok(all)
}

/// Columns of a kind that is not what the segment promised.
fn unexpected(what: &str) -> Error {
    Error::internal(format_args!("a column of another type than promised: {what}"))
}
