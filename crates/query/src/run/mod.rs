//! Plans over segments.

mod cells;
mod dense;
mod field;
mod first;
mod inputs;
mod jobs;
mod joined;
mod keys;
mod leading;
mod leaf;
mod mask;
mod merge;
mod pool;
mod scan;
mod selection;
mod shown;

use std::sync::Arc;

use expression::Filter;
use segment::{SegmentRef, VECTOR_ROWS};

use merge::merge_or_spill;
pub(crate) use merge::{merge_folds, merge_partials, regroup};
pub(crate) use pool::TextPool;
pub(crate) use scan::{ScanBatch, ScanColumn, ScanPlan, ScanRows, scan, values_of};
pub(crate) use selection::Selection;

use crate::exec::ExecContext;
use crate::partial::{Partial, Place};
use crate::plan::{FoldPlan, Scope, prune};
use crate::spill::Spilled;
use crate::{Error, Result};

/// Groups of what comes later are merged when they take this part of the budget, or more.
const LATER_SHARE: u64 = 64;

/// Folds the scope's rows into groups, on all threads, and merges what they made.
pub(crate) fn fold(plan: &Arc<FoldPlan>, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
    let folded = match &plan.first_groups {
        Some(first) if scope.later.is_none() => first::fold(plan, first, scope, exec)?,
        _ => fold_segments(plan, scope, exec)?,
    };
    let Some(later) = &scope.later else { return Ok(folded) };
    let least = usize::try_from(exec.memory.limit_bytes() / LATER_SHARE).unwrap_or(usize::MAX);
    let (mut parts, mut num_bytes, mut most) = (vec![folded], 0, least);
    later.for_each(exec, &mut |segment| {
        let part = fold_segments(plan, &Scope::of_rows(segment), exec)?;
        num_bytes += part.memory_bytes();
        parts.push(part);
        // As much again as is merged already, so that no group is merged more often than a few times.
        if num_bytes > most {
            let merged = merge_partials(&plan.specs, std::mem::take(&mut parts), exec)?;
            most = merged.memory_bytes().max(least);
            num_bytes = 0;
            parts.push(merged);
        }
        Ok(())
    })?;
    merge_partials(&plan.specs, parts, exec)
}

fn fold_segments(plan: &Arc<FoldPlan>, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
    let segments = prune(&scope.segments, &plan.common.scanned);
    let (work, context) = (plan.clone(), exec.clone());
    let jobs = jobs::of(plan, &segments, exec.executor.num_threads());
    let folded = exec.map(jobs, move |job| leaf::fold(&work, &job, &context))?;
    let mut chunks = scope.chunks();
    for (place, _) in folded.iter().flat_map(|folded| Place::runs(&folded.met)) {
        chunks.meet(&place);
    }
    let (mut groups, mut files, mut memory) = (Vec::new(), Vec::new(), Vec::new());
    let mut tables = Vec::new();
    for part in folded.into_iter().flat_map(|folded| folded.parts) {
        match part {
            leaf::Part::Table { cells, held } => {
                tables.push(*cells);
                memory.push(held);
            }
            leaf::Part::Held { groups: part, held } => {
                groups.push(part);
                memory.push(held);
            }
            leaf::Part::Spilled(file) => files.push(Arc::new(file)),
        }
    }
    groups.extend(cells::merge(&plan.specs, tables, exec)?.into_iter().map(|groups| vec![groups]));
    merge_or_spill(&plan.specs, groups, Spilled { files, chunks }, plan.keys.len(), exec)
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
