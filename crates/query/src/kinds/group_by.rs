//! groupBy: one row per combination of dimension values and time bucket.

mod many_rows;
mod parse;
mod printed;
mod rows;

use std::sync::Arc;

use super::outputs::Outputs;
use super::{Kind, Reading};
use crate::answer::Answer;
use crate::exec::ExecContext;
use crate::finalize::{EachRow, Stamp, Table, Values};
use crate::having::Having;
use crate::limit_spec::LimitSpec;
use crate::partial::{Body, Partial};
use crate::plan::{FoldPlan, Scope};
use crate::spill::Spilled;
use crate::{Result, run};

pub(super) use parse::parse;
use printed::Printed;

pub(super) const TAG: &str = "groupBy";

/// Behind a pointer, since rows that are read from disk are made while the answer is written.
struct GroupBy(Arc<Question>);

/// What is asked.
struct Question {
    plan: Arc<FoldPlan>,
    outputs: Outputs,
    dimensions: Vec<String>,
    /// Whether the dimension prints numbers.
    is_numeric: Vec<bool>,
    having: Option<Box<dyn Having>>,
    limit: LimitSpec,
    /// Places of the dimensions kept, a list for each subtotal.
    subtotals: Option<Vec<Vec<usize>>>,
    dims_first: bool,
    /// Whether a limit keeps the first rows in the order of the dimensions and then shows them in that of time: where
    /// it can be applied to the groups of each segment, as Druid does unless they are grouped again.
    cuts_first: bool,
    as_array: bool,
    finalize: bool,
    stamp: Stamp,
    /// The instant that rows of granularity `all` bear.
    all_stamp: i64,
}

impl std::fmt::Debug for GroupBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupBy").field("dimensions", &self.0.dimensions).finish_non_exhaustive()
    }
}

impl Question {
    /// Rows as the query around reads them.
    fn read(&self, times: Vec<i64>, values: &Table, reading: Reading) -> Result<Table> {
        let mut table = Table::new(values.num_rows());
        table.push(segment::TIME_COLUMN, Values::Long(times.into()))?;
        table.hides_time = self.plan.is_one_bucket();
        for (name, values) in values.columns() {
            let dimension = self.dimensions.iter().position(|dimension| dimension == name);
            let key = dimension.and_then(|at| self.plan.keys.get(at));
            table.push(
                name,
                match (values, key) {
                    // Nulls alone are nulls of the dimension's type.
                    (Values::Null(num_rows), Some(key)) => Values::nulls(key.output_type(), *num_rows),
                    _ if reading.finalize => values.finalized()?,
                    _ => values.clone(),
                },
            )?;
        }
        Ok(table)
    }
}

impl Kind for GroupBy {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        run::fold(&self.0.plan, scope, exec)
    }

    fn merge(&self, parts: Vec<Partial>, exec: &ExecContext) -> Result<Partial> {
        run::merge_partials(&self.0.plan.specs, parts, exec)
    }

    fn finalize(&self, partial: Partial, _is_table: bool, exec: &ExecContext) -> Result<Answer> {
        if let Body::Spilled(groups) = &partial.body
            && self.0.may_have_many_rows()
        {
            return many_rows::answer(&self.0, groups, exec);
        }
        let (times, table) = self.0.finished(partial, self.0.cuts_first, exec)?;
        let rows = Printed::new(&self.0, times, table)?;
        Ok(Answer::new(EachRow::new(rows.num_rows(), move |row, out| rows.print(row, out))))
    }

    fn rows(&self, partial: Partial, _is_table: bool, reading: Reading, exec: &ExecContext) -> Result<Table> {
        let cuts_first = self.0.cuts_first && !reading.is_regrouped;
        let (times, values) = self.0.finished(partial, cuts_first, exec)?;
        self.0.read(times, &values, reading)
    }

    fn has_parts(&self) -> bool {
        self.0.subtotals.is_none() && self.0.limit.limit.is_none() && self.0.limit.offset == 0
    }

    fn parts(
        &self,
        groups: &Spilled,
        reading: Reading,
        exec: &ExecContext,
        take: &mut dyn FnMut(Table) -> Result<()>,
    ) -> Result<()> {
        groups.for_each(&self.0.plan.specs, exec, |groups| {
            let (times, values) = self.0.unordered(groups)?;
            take(self.0.read(times, &values, reading)?)
        })
    }

    fn is_of_any_segments(&self) -> bool {
        true
    }

    fn folds_parts(&self) -> bool {
        true
    }

    fn keeps_states(&self) -> bool {
        true
    }
}
