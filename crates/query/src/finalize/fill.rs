//! Which buckets an answer shows, empty ones among them.

use timeline::Interval;

use crate::Result;
use crate::partial::Chunks;
use crate::plan::{FoldPlan, bucket_starts, filled};

/// A bucket of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Start as partials carry it.
    pub start: i64,
    /// The instant printed: the start, or with granularity `all` the first row's time.
    pub stamp: i64,
}

/// The buckets that a timeseries or topN shows, ascending. Rows of a table bound the filling, time chunk by
/// time chunk; sources without a time of their own are filled over the whole query interval.
pub(crate) fn buckets(
    plan: &FoldPlan,
    chunks: &Chunks,
    is_table: bool,
    max: usize,
    descending: bool,
) -> Result<Vec<Bucket>> {
    let mut clips = clips(plan, chunks, is_table);
    if plan.is_one_bucket() {
        let shown = if descending { clips.pop() } else { clips.first().copied() };
        return Ok(shown.into_iter().map(|clip| Bucket { start: all_start(plan), stamp: clip.start }).collect());
    }
    let mut starts = Vec::new();
    for clip in clips {
        bucket_starts(&plan.granularity, clip, max, &mut starts)?;
    }
    starts.sort_unstable();
    starts.dedup();
    Ok(starts.into_iter().map(|start| Bucket { start, stamp: start }).collect())
}

fn clips(plan: &FoldPlan, chunks: &Chunks, is_table: bool) -> Vec<Interval> {
    if !is_table {
        return plan.intervals().to_vec();
    }
    let mut clips = Vec::new();
    for (place, rows, _) in chunks.iter() {
        clips.extend(plan.intervals().iter().filter_map(|query| filled(&plan.granularity, *query, place.chunk, rows)));
    }
    clips.sort_by_key(|clip| clip.start);
    clips
}

/// The start of the one bucket of granularity `all`.
pub(crate) fn all_start(plan: &FoldPlan) -> i64 {
    plan.granularity.bucket(0).start
}
