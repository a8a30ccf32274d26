//! timeseries: one row per time bucket, empty ones included.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, UInt32Array};
use expression::Environment;
use timeline::Interval;

use super::outputs::Outputs;
use super::{Kind, Reading};
use crate::answer::{Answer, Elements, Rows};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::finalize::{Bucket, EachRow, Objects, Stamp, Table, Values, all_start, buckets};
use crate::granularity;
use crate::intervals::intersect;
use crate::model::Common;
use crate::partial::{FoldPartial, Partial};
use crate::plan::{FirstGroups, FoldPlan, Scope};
use crate::{Error, Result, run};

pub(super) const TAG: &str = "timeseries";

struct Timeseries {
    plan: Arc<FoldPlan>,
    outputs: Outputs,
    descending: bool,
    limit: usize,
    skip_empty: bool,
    grand_total: bool,
    by_segment: bool,
    finalize: bool,
    stamp: Stamp,
    result_field: Option<String>,
}

impl std::fmt::Debug for Timeseries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timeseries").field("outputs", &self.outputs).finish_non_exhaustive()
    }
}

pub(super) fn parse(common: &Arc<Common>, fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Kind>> {
    let granularity = granularity::parse(fields.require("granularity")?)?;
    let result_field = common.context.text("timestampResultField")?;
    let outputs = Outputs::parse(fields, env, result_field.as_deref().as_slice())?;
    let limit = match fields.int("limit")? {
        None | Some(0) => usize::MAX,
        Some(n) => usize::try_from(n).map_err(|_| Error::invalid(format!("'limit' must not be negative, got {n}")))?,
    };
    let context = &common.context;
    let stamp = Stamp::of(&granularity, context)?;
    let mut plan = FoldPlan::new(common.clone(), granularity, Vec::new(), &outputs.aggregations);
    let descending = fields.bool("descending", false)?;
    // A row for each bucket, with rows of their own for those without a group.
    plan.first_groups =
        (limit < usize::MAX && !plan.is_one_bucket()).then_some(FirstGroups { most: limit, are_last: descending });
    Ok(Arc::new(Timeseries {
        plan: Arc::new(plan),
        outputs,
        descending,
        limit,
        skip_empty: context.bool("skipEmptyBuckets", false)?,
        grand_total: context.bool("grandTotal", false)?,
        by_segment: context.bool("bySegment", false)?,
        finalize: context.bool("finalize", true)?,
        stamp,
        result_field,
    }))
}

impl Timeseries {
    /// Whether the one row begins with the first interval, of several, that has rows in it: each is asked by itself.
    fn is_stamped_by_rows(&self) -> bool {
        self.skip_empty && self.plan.is_one_bucket() && self.plan.intervals().len() > 1
    }

    /// The rows of the answer: their stamps, and states in the same order.
    fn states(&self, partial: &FoldPartial, is_table: bool, exec: &ExecContext) -> Result<(Vec<i64>, Vec<ArrayRef>)> {
        let mut shown = self.buckets(partial, is_table, exec)?;
        if self.descending {
            shown.reverse();
        }
        shown.truncate(self.limit);
        let mut groups: Vec<(i64, u32)> = partial.times.iter().copied().zip(0..).collect();
        groups.sort_unstable();
        let empty = u32::try_from(groups.len()).map_err(Error::internal)?;
        let group_of = |bucket: &Bucket| {
            let at = groups.binary_search_by_key(&bucket.start, |(start, _)| *start);
            at.map_or(empty, |at| groups[at].1)
        };
        let rows: UInt32Array = shown.iter().map(group_of).collect::<Vec<_>>().into();
        let states = partial.states.iter().zip(self.outputs.empty_states()?).map(|(states, empty)| {
            let all = arrow_select::concat::concat(&[states as &dyn Array, &empty])?;
            Ok(arrow_select::take::take(&all, &rows, None)?)
        });
        Ok((shown.iter().map(|bucket| bucket.stamp).collect(), states.collect::<Result<_>>()?))
    }

    fn buckets(&self, partial: &FoldPartial, is_table: bool, exec: &ExecContext) -> Result<Vec<Bucket>> {
        let plan = &self.plan;
        if self.skip_empty && !plan.is_one_bucket() {
            let mut times = partial.times.clone();
            times.sort_unstable();
            return Ok(times.into_iter().map(|start| Bucket { start, stamp: start }).collect());
        }
        // The one bucket of `all` begins where the first part of a chunk does that is not left out.
        let chunks = if self.skip_empty { &partial.chunks.only_met() } else { &partial.chunks };
        let mut shown = buckets(plan, chunks, is_table, exec.limits.max_buckets, self.descending)?;
        if self.skip_empty && partial.times.is_empty() {
            shown.clear();
        } else if shown.is_empty() && plan.is_one_bucket() && !self.skip_empty && !self.by_segment {
            shown.push(Bucket { start: all_start(plan), stamp: self.start_without_rows(partial) });
        }
        Ok(shown)
    }

    /// Where the intervals begin to meet time chunks, or begin at all.
    fn start_without_rows(&self, partial: &FoldPartial) -> i64 {
        let intervals = self.plan.intervals();
        let chunks = partial.chunks.iter().map(|(place, ..)| place.chunk);
        let parts = chunks.flat_map(|chunk| intervals.iter().filter_map(move |asked| intersect(*asked, chunk)));
        parts.map(|part| part.start).min().or(intervals.first().map(|asked| asked.start)).unwrap_or(0)
    }

    /// All outputs; post-aggregations may read the time under the name that the context gives.
    fn table(&self, states: &[ArrayRef], stamps: Int64Array) -> Result<Table> {
        let mut table = Table::new(stamps.len());
        self.outputs.push_aggregates(&mut table, states, None)?;
        if let Some(name) = &self.result_field {
            table.push(name, Values::Long(stamps))?;
        }
        self.outputs.push_posts(&mut table, None)?;
        Ok(table)
    }

    fn shown(&self, states: &[ArrayRef], stamps: Int64Array) -> Result<Table> {
        self.table(states, stamps)?.select(self.outputs.names())?.shown(self.finalize)
    }

    /// The last element: totals of the rows above it, all null when there are none.
    fn total(&self, states: &[ArrayRef], num_rows: usize) -> Result<Vec<u8>> {
        let table = if num_rows == 0 {
            let mut nulls = Table::new(1);
            for name in self.outputs.names() {
                nulls.push(name, Values::Null(1))?;
            }
            nulls
        } else {
            self.shown(&self.outputs.total(states, num_rows)?, Int64Array::new_null(1))?
        };
        let mut out = b"{\"timestamp\":null,\"result\":".to_vec();
        Objects::hashed(&table, true).print(&table, 0, &mut out);
        out.push(b'}');
        Ok(out)
    }
}

impl Kind for Timeseries {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        if !self.is_stamped_by_rows() {
            return run::fold(&self.plan, scope, exec);
        }
        let within = |interval: &Interval| -> Result<Partial> {
            let mut part = run::fold(&Arc::new(self.plan.within(*interval)), scope, exec)?.into_fold()?;
            part.chunks = part.chunks.within(*interval);
            Ok(Partial::fold(part))
        };
        let parts: Vec<Partial> = self.plan.intervals().iter().map(within).collect::<Result<_>>()?;
        run::merge_partials(&self.plan.specs, parts, exec)
    }

    /// Where `all` begins is told by the segments whose rows are met.
    fn is_of_any_segments(&self) -> bool {
        !(self.skip_empty && self.plan.is_one_bucket())
    }

    fn merge(&self, parts: Vec<Partial>, exec: &ExecContext) -> Result<Partial> {
        run::merge_partials(&self.plan.specs, parts, exec)
    }

    fn finalize(&self, partial: Partial, is_table: bool, exec: &ExecContext) -> Result<Answer> {
        let partial = partial.into_fold()?;
        let (stamps, states) = self.states(&partial, is_table, exec)?;
        let total = if self.grand_total { Some(self.total(&states, stamps.len())?) } else { None };
        let mut table = self.shown(&states, stamps.clone().into())?;
        if let Some(name) = &self.result_field {
            table.push(name, Values::Long(Int64Array::from(stamps.clone())))?;
        }
        let (objects, stamp) = (Objects::hashed(&table, true), self.stamp.clone());
        let rows = EachRow::new(stamps.len(), move |row, out| {
            out.extend_from_slice(b"{\"timestamp\":");
            stamp.print(stamps[row], out);
            out.extend_from_slice(b",\"result\":");
            objects.print(&table, row, out);
            out.push(b'}');
        });
        Ok(Answer::new(WithTotal { rows, total }))
    }

    fn rows(&self, partial: Partial, is_table: bool, reading: Reading, exec: &ExecContext) -> Result<Table> {
        let partial = partial.into_fold()?;
        let (stamps, states) = self.states(&partial, is_table, exec)?;
        let mut table = Table::new(stamps.len());
        let values = self.table(&states, stamps.clone().into())?;
        table.push(segment::TIME_COLUMN, Values::Long(stamps.into()))?;
        for (name, values) in values.columns() {
            table.push(name, if reading.finalize { values.finalized()? } else { values.clone() })?;
        }
        Ok(table)
    }
}

/// The rows and then perhaps one more.
struct WithTotal<R> {
    rows: R,
    total: Option<Vec<u8>>,
}

impl<R: Rows> Rows for WithTotal<R> {
    fn write(&mut self, out: &mut Elements<'_>) -> Result<bool> {
        if self.rows.write(out)? {
            return Ok(true);
        }
        if let Some(total) = self.total.take() {
            out.next().extend_from_slice(&total);
        }
        Ok(false)
    }
}
