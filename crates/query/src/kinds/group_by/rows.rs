//! From groups to rows: subtotals, having, order, limit, post-aggregations.

use std::borrow::Cow;

use arrow_array::UInt32Array;

use super::Question;
use crate::exec::ExecContext;
use crate::finalize::{Table, Values, all_start, concat};
use crate::limit_spec::OrderColumn;
use crate::order::{How, OrderBy, SortKey, kept, leading, rows_at, sort};
use crate::partial::{Body, FoldPartial, Partial};
use crate::run::regroup;
use crate::{Error, Result};

/// Rows for each one that is asked for, from which on all but those that may be are left out before they are sorted.
const FEW: usize = 8;

impl Question {
    /// Times and output columns in the order of the answer, states not finalized.
    pub(super) fn finished(&self, partial: Partial, cuts_first: bool, exec: &ExecContext) -> Result<(Vec<i64>, Table)> {
        let (mut times, mut table) = match &self.subtotals {
            None => self.natural(partial, cuts_first, exec)?,
            Some(sets) => self.subtotal_rows(&partial, sets, exec)?,
        };
        let mut had = self.had(&times, &mut table)?;
        exec.check()?;
        // Most of many rows are ordered where they are, and all of which few are shown.
        let leaves =
            |rows: &UInt32Array| rows.len() < table.num_rows() / 2 && few_of(rows.len(), self.limit.end()).is_none();
        if let Some(rows) = had.take_if(|rows| cuts_first || leaves(rows)) {
            (times, table) = take(&times, &table, &rows)?;
        }
        exec.check()?;
        if cuts_first {
            let keys: Vec<SortKey> = self.cut_by(&times, &mut table, cuts_first)?.iter().map(OrderBy::key).collect();
            let rows = sort(&keys, table.num_rows(), 0, self.limit.end());
            (times, table) = take(&times, &table, &rows)?;
        }
        if let Some(rows) = self.ordered(&times, &mut table, had)? {
            (times, table) = take(&times, &table, &rows)?;
        }
        self.presented(times, table)
    }

    /// As [`Question::finished`], of groups whose order does not matter and which are all shown.
    pub(super) fn unordered(&self, groups: FoldPartial) -> Result<(Vec<i64>, Table)> {
        let mut table = self.table(&groups, None)?;
        let mut times = groups.times;
        if let Some(rows) = self.had(&times, &mut table)? {
            (times, table) = take(&times, &table, &rows)?;
        }
        self.presented(times, table)
    }

    /// Output columns of rows that are in their order.
    pub(super) fn presented(&self, mut times: Vec<i64>, mut table: Table) -> Result<(Vec<i64>, Table)> {
        self.outputs.push_posts(&mut table, None)?;
        let names = self.dimensions.iter().map(String::as_str).chain(self.outputs.names());
        let table = self.plan.extracted(&self.dimensions, table.select(names)?)?;
        if self.plan.is_one_bucket() {
            times.fill(self.all_stamp);
        }
        Ok((times, table))
    }

    /// Of some of the groups those that may be rows of the answer.
    pub(super) fn shortened(&self, mut groups: FoldPartial, cuts_first: bool) -> Result<FoldPartial> {
        let mut table = self.table(&groups, None)?;
        if let Some(rows) = self.had(&groups.times, &mut table)? {
            (groups, table) = (groups.take(&rows)?, table.take(&rows)?);
        }
        let Some(end) = self.limit.end().filter(|end| *end < groups.num_groups()) else { return Ok(groups) };
        let by = self.cut_by(&groups.times, &mut table, cuts_first)?;
        groups.take(&cut(&by, table.num_rows(), None, 0, Some(end))?)
    }

    /// The rows that `having` keeps, where there is one.
    fn had(&self, times: &[i64], table: &mut Table) -> Result<Option<UInt32Array>> {
        let Some(having) = &self.having else { return Ok(None) };
        let columns = having.columns();
        self.outputs.push_posts(table, columns.as_deref())?;
        let reads_times = columns.is_none_or(|columns| columns.iter().any(|column| column == segment::TIME_COLUMN));
        let keeps = if reads_times { having.keep(&self.with_times(times, table)?)? } else { having.keep(table)? };
        Ok(Some(kept(&keeps)))
    }

    /// Without dimensions, granularity `all` and no offset there is a row even without data.
    fn or_summary(&self, mut groups: FoldPartial) -> Result<FoldPartial> {
        let has_summary = self.dimensions.is_empty() && self.plan.is_one_bucket() && self.limit.offset == 0;
        if groups.num_groups() == 0 && has_summary {
            groups.times = vec![all_start(&self.plan)];
            groups.states = self.outputs.empty_states()?;
        }
        Ok(groups)
    }

    pub(super) fn table(&self, groups: &FoldPartial, kept: Option<&[&str]>) -> Result<Table> {
        let mut table = Table::new(groups.num_groups());
        for (name, key) in self.dimensions.iter().zip(&groups.keys) {
            table.push(name, key.clone())?;
        }
        self.outputs.push_aggregates(&mut table, &groups.states, kept)?;
        Ok(table)
    }

    /// All groups, or of those on disk the ones that may be in the answer; not ordered yet.
    fn natural(&self, partial: Partial, cuts_first: bool, exec: &ExecContext) -> Result<(Vec<i64>, Table)> {
        let groups = partial.into_groups(&self.plan.specs, exec, |groups| self.shortened(groups, cuts_first))?;
        let groups = self.or_summary(groups)?;
        let table = self.table(&groups, None)?;
        Ok((groups.times, table))
    }

    /// One set of rows per list of dimensions, each in natural order, one below the other.
    fn subtotal_rows(&self, partial: &Partial, sets: &[Vec<usize>], exec: &ExecContext) -> Result<(Vec<i64>, Table)> {
        let (mut times, mut tables) = (Vec::new(), Vec::new());
        for set in sets {
            let coarser = |groups: FoldPartial| regroup(&self.plan.specs, vec![self.only(groups, set)], exec);
            let part = match &partial.body {
                Body::Spilled(groups) => groups.gather(&self.plan.specs, exec, coarser)?,
                Body::Fold(groups) => coarser(self.or_summary(groups.clone())?)?,
                Body::Apart(parts) => coarser(FoldPartial::strung(parts.clone())?)?,
                Body::Facts(_) | Body::Scan(_) => return Err(Error::internal("a partial of another kind of query")),
            };
            let names: Vec<&str> = set.iter().map(|at| self.plan.keys[*at].dimension()).collect();
            let table = self.table(&part, Some(&names))?;
            let keys: Vec<SortKey> = self.natural_order(&part.times, &table).iter().map(OrderBy::key).collect();
            let order = sort(&keys, table.num_rows(), 0, None);
            let (part_times, table) = take(&part.times, &table, &order)?;
            times.extend(part_times);
            tables.push(table);
        }
        let mut all = Table::new(times.len());
        for (at, (name, _)) in tables.first().map_or(&[][..], |table| table.columns()).iter().enumerate() {
            let parts: Vec<Values> = tables.iter().map(|table| table.columns()[at].1.clone()).collect();
            all.push(name, concat(&parts)?)?;
        }
        Ok((times, all))
    }

    fn with_times(&self, times: &[i64], table: &Table) -> Result<Table> {
        let mut all = table.clone();
        let stamps = if self.plan.is_one_bucket() { vec![self.all_stamp; times.len()] } else { times.to_vec() };
        all.push(segment::TIME_COLUMN, Values::Long(stamps.into()))?;
        Ok(all)
    }

    /// The order and cut of the rows, or of those that `having` kept; `None` when they are to stay as they are.
    fn ordered(&self, times: &[i64], table: &mut Table, had: Option<UInt32Array>) -> Result<Option<UInt32Array>> {
        let limit = &self.limit;
        if limit.columns.is_empty() && self.subtotals.is_some() && limit.limit.is_none() && limit.offset == 0 {
            return Ok(had);
        }
        let by = self.order_by(times, table)?;
        let rows = cut(&by, table.num_rows(), had, limit.offset, limit.limit)?;
        let stay = rows.len() == table.num_rows() && (0u32..).zip(rows.values()).all(|(at, row)| at == *row);
        Ok((!stay).then_some(rows))
    }

    /// What the rows are ordered by. With the dimensions first, time settles what the columns of a limit leave open,
    /// all of it where there are none.
    pub(super) fn order_by(&self, times: &[i64], table: &mut Table) -> Result<Vec<OrderBy>> {
        let limit = &self.limit;
        if limit.columns.is_empty() && self.subtotals.is_some() {
            return Ok(Vec::new());
        }
        let mut all = self.by_columns(table)?;
        let natural = self.natural_order(times, table);
        // Time comes before the columns of the limit, or right behind them.
        let (by_time, at) = match self.dims_first {
            true => (natural.last().filter(|_| limit.is_given), all.len()),
            false => (natural.first().filter(|_| !limit.columns.is_empty()), 0),
        };
        if let Some(by_time) = by_time.filter(|_| !self.plan.is_one_bucket()) {
            all.insert(at, by_time.clone());
        }
        if self.subtotals.is_none() {
            all.extend(natural);
        }
        Ok(all)
    }

    /// What decides which rows a limit keeps.
    fn cut_by(&self, times: &[i64], table: &mut Table, cuts_first: bool) -> Result<Vec<OrderBy>> {
        if !cuts_first {
            return self.order_by(times, table);
        }
        let mut all = self.by_columns(table)?;
        all.extend(self.natural_order(times, table));
        Ok(all)
    }

    fn by_columns(&self, table: &mut Table) -> Result<Vec<OrderBy>> {
        let columns = &self.limit.columns;
        if !columns.is_empty() {
            let names: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
            self.outputs.push_posts(table, Some(&names))?;
        }
        let by = |column: &OrderColumn| {
            let values = table.get(&column.name).map(Values::sort_keys).transpose()?;
            let values = values.unwrap_or(Values::Null(table.num_rows()));
            Ok(OrderBy::new(values, self.how(&column.name, column.order)).descending(column.descending))
        };
        columns.iter().map(by).collect()
    }

    fn how(&self, name: &str, order: dialect::StringOrder) -> How {
        match self.dimensions.iter().position(|dimension| dimension == name) {
            None => self.outputs.order_of(name),
            Some(at) => How::of_dimension(self.is_numeric[at], order),
        }
    }

    /// The groups with null for all keys but some.
    fn only(&self, mut groups: FoldPartial, kept: &[usize]) -> FoldPartial {
        let keys = groups.keys.iter_mut().zip(&self.plan.keys).enumerate();
        for (_, (key, spec)) in keys.filter(|(at, _)| !kept.contains(at)) {
            *key = Values::nulls(spec.output_type(), key.len());
        }
        groups
    }

    /// Time, then dimensions; or the other way round.
    fn natural_order(&self, times: &[i64], table: &Table) -> Vec<OrderBy> {
        let mut all: Vec<OrderBy> = Vec::new();
        let has_times = !self.plan.is_one_bucket();
        if has_times && !self.dims_first {
            all.push(by_time(times));
        }
        let values = self.dimensions.iter().filter_map(|name| table.get(name));
        all.extend(values.map(|values| OrderBy::new(values.clone(), How::Natural)));
        if has_times && self.dims_first {
            all.push(by_time(times));
        }
        all
    }
}

/// The end of the rows that are shown, if these are few of so many.
fn few_of(num_rows: usize, end: Option<usize>) -> Option<usize> {
    end.filter(|end| *end < num_rows / FEW)
}

/// The order and cut of the rows, or of those that were kept.
fn cut(
    by: &[OrderBy],
    num_rows: usize,
    kept: Option<UInt32Array>,
    offset: usize,
    limit: Option<usize>,
) -> Result<UInt32Array> {
    let num_kept = kept.as_ref().map_or(num_rows, UInt32Array::len);
    let end = limit.map(|limit| limit.saturating_add(offset));
    // Other keys are only looked at where the first one leaves a choice.
    let near = match (few_of(num_kept, end), by.first()) {
        (Some(end), Some(first)) => leading(&kept_of(first, kept.as_ref())?.key(), num_kept, end),
        _ => (0u32..).take(num_kept).collect::<Vec<_>>().into(),
    };
    let rows = match kept {
        Some(kept) => rows_at(&kept, &near),
        None => near,
    };
    let key = |by: &OrderBy| if rows.len() < num_rows { Ok(by.take(&rows)?.key()) } else { Ok(by.key()) };
    let keys: Vec<SortKey> = by.iter().map(key).collect::<Result<_>>()?;
    Ok(rows_at(&rows, &sort(&keys, rows.len(), offset, limit)))
}

/// Of some of the rows, or all.
fn kept_of<'a>(by: &'a OrderBy, rows: Option<&UInt32Array>) -> Result<Cow<'a, OrderBy>> {
    rows.map_or(Ok(Cow::Borrowed(by)), |rows| by.take(rows).map(Cow::Owned))
}

fn by_time(times: &[i64]) -> OrderBy {
    OrderBy::new(Values::Long(times.to_vec().into()), How::Natural)
}

fn take(times: &[i64], table: &Table, rows: &UInt32Array) -> Result<(Vec<i64>, Table)> {
    let times = rows.values().iter().map(|row| times[*row as usize]).collect();
    Ok((times, table.take(rows)?))
}
