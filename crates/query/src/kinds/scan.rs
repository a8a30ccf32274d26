//! scan: rows as they are.

use std::sync::Arc;

use aggregate::Shape;
use dialect::print;
use expression::Environment;
use hashbrown::HashMap;
use segment::TIME_COLUMN;

use super::{Kind, Reading};
use crate::answer::{Answer, Elements, Rows};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::finalize::{Objects, Table, Values, array_row, concat, of_printed};
use crate::model::Common;
use crate::partial::{Body, Partial};
use crate::plan::{Scope, prune};
use crate::run::{self, ScanBatch, ScanColumn, ScanPlan, ScanRows};
use crate::{Error, Result};

pub(super) const TAG: &str = "scan";
const BATCH_ROWS: usize = 20_480;
const MAX_ROWS_QUEUED: usize = 100_000;
const MAX_PARTITIONS: usize = 50;

struct Scan {
    plan: Arc<ScanPlan>,
    as_lists: bool,
    max_rows_queued: usize,
    max_partitions: usize,
}

impl std::fmt::Debug for Scan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scan").field("columns", &self.plan.columns).finish_non_exhaustive()
    }
}

pub(super) fn parse(common: &Arc<Common>, fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Kind>> {
    let columns = fields.texts("columns")?;
    if fields.get("columnTypes").is_some() && fields.list("columnTypes")?.len() != columns.len() {
        return Err(Error::invalid("'columnTypes' must have as many entries as 'columns'"));
    }
    let as_lists = match fields.text("resultFormat")?.as_deref() {
        None | Some("list") => false,
        Some("compactedList") => true,
        Some("valueVector") => return Err(Error::unsupported("'resultFormat' valueVector is not supported")),
        Some(other) => {
            return Err(Error::invalid(format!("unknown 'resultFormat' '{other}': known are list, compactedList")));
        }
    };
    let count = |name: &str| match fields.long(name)? {
        None => Ok(0),
        Some(n) => usize::try_from(n).map_err(|_| Error::invalid(format!("'{name}' must not be negative, got {n}"))),
    };
    let or = |n: usize, zero: usize| if n == 0 { zero } else { n };
    let order = order(fields)?;
    if order.is_some() && !columns.is_empty() && !columns.iter().any(|name| name == TIME_COLUMN) {
        return Err(Error::invalid("'columns' must hold __time when rows are ordered by it"));
    }
    let context = &common.context;
    let most = |key: &str, default: usize| -> Result<usize> {
        Ok(context.long_from(key, 1)?.and_then(|n| usize::try_from(n).ok()).unwrap_or(default))
    };
    Ok(Arc::new(Scan {
        plan: Arc::new(ScanPlan {
            common: common.clone(),
            columns: (!columns.is_empty()).then_some(columns),
            batch_rows: or(count("batchSize")?, BATCH_ROWS),
            offset: count("offset")?,
            limit: or(count("limit")?, usize::MAX),
            order,
        }),
        as_lists,
        max_rows_queued: most("maxRowsQueuedForOrdering", MAX_ROWS_QUEUED)?,
        max_partitions: most("maxSegmentPartitionsOrderedInMemory", MAX_PARTITIONS)?,
    }))
}

/// `order`, or the one column that `orderBy` may name. `Some(true)` is descending.
fn order(fields: &Fields<'_>) -> Result<Option<bool>> {
    let direction = |text: &str| match text.to_ascii_lowercase().as_str() {
        "none" => Ok(None),
        "ascending" => Ok(Some(false)),
        "descending" => Ok(Some(true)),
        other => Err(Error::invalid(format!("unknown 'order' '{other}': known are none, ascending, descending"))),
    };
    let order = fields.text("order")?.map_or(Ok(None), |text| direction(&text))?;
    let mut by = None;
    for (at, value) in fields.list("orderBy")?.iter().enumerate() {
        let column = Fields::of(value, "an entry of orderBy")?;
        let name = column.require_text("columnName")?;
        if name != TIME_COLUMN || at > 0 {
            return Err(Error::unsupported(format!("'orderBy' can name __time only, got '{name}'")));
        }
        by = column.text("order")?.map_or(Ok(Some(false)), |text| direction(&text))?;
    }
    match (order, by) {
        (Some(order), Some(by)) if order != by => Err(Error::invalid("'order' and 'orderBy' contradict each other")),
        (order, by) => Ok(order.or(by)),
    }
}

impl Scan {
    /// Rows in time order must fit a queue or come from few segments, as clients of Druid expect.
    fn check_order(&self, scope: &Scope) -> Result<()> {
        let queued = self.plan.limit.saturating_add(self.plan.offset);
        if self.plan.order.is_none() || queued <= self.max_rows_queued {
            return Ok(());
        }
        let mut partitions: HashMap<(i64, i64), usize> = HashMap::new();
        for segment in prune(&scope.segments, &self.plan.common.intervals) {
            let chunk = segment.id().interval;
            *partitions.entry((chunk.start, chunk.end)).or_default() += 1;
        }
        if partitions.values().any(|n| *n > self.max_partitions) {
            return Err(Error::ResourceLimit(format!(
                "an ordered scan needs a limit of at most {} (maxRowsQueuedForOrdering) or at most {} segments of one interval \
                 (maxSegmentPartitionsOrderedInMemory)",
                self.max_rows_queued, self.max_partitions
            )));
        }
        Ok(())
    }
}

impl Kind for Scan {
    fn tag(&self) -> &'static str {
        TAG
    }

    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial> {
        self.check_order(scope)?;
        Ok(Partial { body: Body::Scan(run::scan(&self.plan, scope, exec)?) })
    }

    fn merge(&self, mut parts: Vec<Partial>, _: &ExecContext) -> Result<Partial> {
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            _ => Err(Error::unsupported("rows of a scan over several members")),
        }
    }

    fn finalize(&self, partial: Partial, _is_table: bool, _: &ExecContext) -> Result<Answer> {
        let Body::Scan(rows) = partial.body else { return Err(Error::internal("a partial of another kind of query")) };
        Ok(Answer::new(Batches { rows, as_lists: self.as_lists }))
    }

    fn rows(&self, partial: Partial, _: bool, _: Reading, exec: &ExecContext) -> Result<Table> {
        let Body::Scan(rows) = partial.body else { return Err(Error::internal("a partial of another kind of query")) };
        let mut batches = Vec::new();
        let (mut num_rows, mut num_bytes) = (0, 0);
        for batch in rows {
            let batch = batch?;
            num_rows += batch.num_rows;
            if num_rows > exec.limits.max_subquery_rows {
                return Err(crate::sources::too_many_rows());
            }
            num_bytes += batch.columns.iter().map(|column| column.values.memory_bytes()).sum::<usize>();
            if exec.limits.max_subquery_bytes.is_some_and(|max| num_bytes > max) {
                return Err(crate::sources::too_many_bytes());
            }
            batches.push(batch);
        }
        below(&batches, self.plan.columns.as_deref().unwrap_or_default())
    }
}

/// The batches as one table; columns that a batch lacks are null there, and so are those of no batch at all.
fn below(batches: &[ScanBatch], asked: &[String]) -> Result<Table> {
    let met = batches.iter().flat_map(|batch| &batch.columns).map(|column| &column.name);
    let mut names: Vec<&str> = Vec::new();
    for name in asked.iter().chain(met) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let mut table = Table::new(batches.iter().map(|batch| batch.num_rows).sum());
    for name in names {
        let part = |batch: &ScanBatch| {
            let column = batch.columns.iter().find(|column| column.name == name);
            column.map_or(Ok(Values::Null(batch.num_rows)), read_again)
        };
        let parts = batches.iter().map(part).collect::<Result<Vec<_>>>()?;
        table.push(name, concat(&parts)?)?;
    }
    Ok(table)
}

/// The values as they are read by another query: what an expression made of several values is printed otherwise.
fn read_again(column: &ScanColumn) -> Result<Values> {
    match (&column.values, column.type_name.as_deref().and_then(Shape::of_name)) {
        (Values::Json(printed), Some(shape)) => of_printed(printed, shape),
        (values, _) => Ok(values.clone()),
    }
}

struct Batches {
    rows: ScanRows,
    as_lists: bool,
}

impl Rows for Batches {
    fn write(&mut self, out: &mut Elements<'_>) -> Result<bool> {
        let Some(batch) = self.rows.next() else { return Ok(false) };
        write_batch(&batch?, self.as_lists, out.next())?;
        Ok(true)
    }
}

fn write_batch(batch: &ScanBatch, as_lists: bool, out: &mut Vec<u8>) -> Result<()> {
    out.extend_from_slice(b"{\"segmentId\":");
    match &batch.segment {
        Some(id) => print::json_string(out, id),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"columns\":[");
    for (at, column) in batch.columns.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        print::json_string(out, &column.name);
    }
    out.extend_from_slice(b"],\"events\":[");
    let mut table = Table::new(batch.num_rows);
    for column in &batch.columns {
        table.push(&column.name, column.values.clone())?;
    }
    let objects = Objects::new(&table);
    for row in 0..batch.num_rows {
        if row > 0 {
            out.push(b',');
        }
        if as_lists {
            array_row(&table, row, out);
        } else {
            objects.print(&table, row, out);
        }
    }
    out.extend_from_slice(b"],\"rowSignature\":[");
    for (at, column) in batch.columns.iter().enumerate() {
        out.extend_from_slice(if at > 0 { b",{\"name\":" } else { b"{\"name\":" });
        print::json_string(out, &column.name);
        if let Some(type_name) = &column.type_name {
            out.extend_from_slice(b",\"type\":");
            print::json_string(out, type_name);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    Ok(())
}
