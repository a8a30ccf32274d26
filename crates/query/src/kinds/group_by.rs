//! groupBy: one row per combination of dimension values and time bucket.

mod parse;
mod rows;

use std::sync::Arc;

use super::Kind;
use super::outputs::Outputs;
use crate::answer::Answer;
use crate::exec::ExecContext;
use crate::finalize::{EachRow, Objects, Stamp, Table, Values, array_row};
use crate::having::Having;
use crate::limit_spec::LimitSpec;
use crate::partial::Partial;
use crate::plan::{FoldPlan, Scope};
use crate::{Result, run};

pub(super) use parse::parse;

pub(super) const TAG: &str = "groupBy";

struct GroupBy {
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
    as_array: bool,
    finalize: bool,
    stamp: Stamp,
    /// The instant that rows of granularity `all` bear.
    all_stamp: i64,
}

impl std::fmt::Debug for GroupBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupBy").field("dimensions", &self.dimensions).finish_non_exhaustive()
    }
}

impl Kind for GroupBy {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        Ok(Partial::fold(run::fold(&self.plan, scope, exec)?))
    }

    fn merge(&self, parts: Vec<Partial>, exec: &ExecContext) -> Result<Partial> {
        run::merge_partials(&self.plan.specs, parts, exec)
    }

    fn finalize(&self, partial: Partial, _is_table: bool, exec: &ExecContext) -> Result<Answer> {
        let (times, table) = self.finished(partial.into_fold()?, exec)?;
        let table = table.shown(self.finalize)?;
        if self.as_array {
            let table = self.with_time(times, table)?;
            return Ok(Answer::new(EachRow::new(table.num_rows(), move |row, out| array_row(&table, row, out))));
        }
        let (objects, stamp) = (Objects::hashed(&table, false), self.stamp.clone());
        Ok(Answer::new(EachRow::new(table.num_rows(), move |row, out| {
            out.extend_from_slice(b"{\"version\":\"v1\",\"timestamp\":");
            stamp.print(times[row], out);
            out.extend_from_slice(b",\"event\":");
            objects.print(&table, row, out);
            out.push(b'}');
        })))
    }

    fn rows(&self, partial: Partial, _is_table: bool, finalize: bool, exec: &ExecContext) -> Result<Table> {
        let (times, values) = self.finished(partial.into_fold()?, exec)?;
        let mut table = Table::new(values.num_rows());
        table.push(segment::TIME_COLUMN, Values::Long(times.into()))?;
        table.hides_time = self.plan.is_one_bucket();
        for (name, values) in values.columns() {
            table.push(name, if finalize { values.finalized()? } else { values.clone() })?;
        }
        Ok(table)
    }

    fn keeps_states(&self) -> bool {
        true
    }
}

impl GroupBy {
    /// The positional form: the time comes first unless all rows share one.
    fn with_time(&self, times: Vec<i64>, values: Table) -> Result<Table> {
        if self.plan.is_one_bucket() {
            return Ok(values);
        }
        let mut table = Table::new(values.num_rows());
        table.push(segment::TIME_COLUMN, Values::Long(times.into()))?;
        for (name, values) in values.columns() {
            table.push(name, values.clone())?;
        }
        Ok(table)
    }
}
