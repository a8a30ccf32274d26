//! Asking: a question into a plan, a plan into partials, partials into rows.
//!
//! ```text
//! Query::parse(bytes)                 the question as written, checked
//! answer(&query, &sources, &exec)     all of it: resolve, run, merge, finalize
//! run_leaf(&query, &segments, &exec)  rows of some segments into a Partial
//! merge(&query, partials, &exec)      partials into one, in any grouping
//! finalize(&query, partial, &exec)    a Partial into an Answer, which is JSON pulled in chunks
//! ```
//!
//! timeseries, topN and groupBy are one engine: keys, folds, masks and buckets of a plan.

mod aggregations;
mod answer;
mod context;
mod error;
mod exec;
mod expressions;
mod fields;
mod finalize;
mod granularity;
mod having;
mod intervals;
mod kinds;
mod limit_spec;
mod model;
mod order;
mod partial;
mod plan;
mod post_aggregators;
mod run;
mod sources;
mod spill;
mod wire;

pub use answer::Answer;
pub use context::QueryContext;
pub use error::{Error, Result};
pub use exec::{
    Deadline, ExecContext, Executor, HandedOn, Inline, Job, Limits, MemoryBudget, Now, Reservation, SpillSpace,
};
pub use model::Query;
pub use partial::Partial;

use segment::SegmentRef;
use timeline::Interval;

/// Who holds the rows of tables. One value stands for one moment: the same call gives the same segments, so
/// that live and sealed rows are met once each.
pub trait Sources: Send + Sync {
    /// Segments of a table that may hold rows of the intervals; none for an unknown table. More than asked
    /// for does no harm.
    fn segments(&self, datasource: &str, intervals: &[Interval]) -> Result<Vec<SegmentRef>>;

    /// The same rows in fewer segments, for a query to which it does not matter in which one a row lies. They may hold
    /// rows outside the intervals too. `None` where there are no fewer.
    fn bound(&self, _datasource: &str, _intervals: &[Interval]) -> Result<Option<Bound>> {
        Ok(None)
    }
}

/// Segments of a table that were bound together.
pub struct Bound {
    /// To be read.
    pub segments: Vec<SegmentRef>,
    /// What [`Sources::segments`] gives.
    pub of: Vec<SegmentRef>,
}

/// The whole way from a query to its answer.
pub fn answer(query: &Query, sources: &dyn Sources, exec: &ExecContext) -> Result<Answer> {
    let scope = query.common.source.resolve(&sources::Asked::of(query), sources, exec)?;
    if query.context().bool("bySegment", false)? {
        return sources::by_segment(query, &scope, exec);
    }
    let partial = query.kind.run(&scope, exec)?;
    query.kind.finalize(partial, scope.is_table, exec)
}

/// Reads the segments of a table.
pub fn run_leaf(query: &Query, segments: &[SegmentRef], exec: &ExecContext) -> Result<Partial> {
    let segments = query.kind.choose(segments.to_vec())?;
    query.kind.run(&plan::Scope::of_table(segments), exec)
}

/// One partial out of several; how they were grouped before makes no difference.
pub fn merge(query: &Query, parts: Vec<Partial>, exec: &ExecContext) -> Result<Partial> {
    query.kind.merge(parts, exec)
}

/// The rows of a table's merged partial.
pub fn finalize(query: &Query, partial: Partial, exec: &ExecContext) -> Result<Answer> {
    query.kind.finalize(partial, true, exec)
}

#[cfg(test)]
mod tests;
