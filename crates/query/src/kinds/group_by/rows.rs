//! From groups to rows: subtotals, having, order, limit, post-aggregations.

use arrow_array::UInt32Array;

use super::GroupBy;
use crate::Result;
use crate::exec::ExecContext;
use crate::finalize::{Table, Values, all_start, concat};
use crate::order::{How, SortKey, kept, sort};
use crate::partial::FoldPartial;
use crate::run::regroup;

impl GroupBy {
    /// Times and output columns in the order of the answer, states not finalized.
    pub(super) fn finished(&self, mut groups: FoldPartial, exec: &ExecContext) -> Result<(Vec<i64>, Table)> {
        if groups.num_groups() == 0 && self.has_summary() {
            groups.times = vec![all_start(&self.plan)];
            groups.states = self.outputs.empty_states()?;
        }
        let (mut times, mut table) = match &self.subtotals {
            None => self.natural(groups)?,
            Some(sets) => self.subtotal_rows(&groups, sets, exec)?,
        };
        if let Some(having) = &self.having {
            exec.check()?;
            let columns = having.columns();
            self.outputs.push_posts(&mut table, columns.as_deref())?;
            let rows = kept(&having.keep(&self.with_times(&times, &table)?)?);
            (times, table) = take(&times, &table, &rows)?;
        }
        exec.check()?;
        let rows = self.ordered(&times, &mut table)?;
        if let Some(rows) = rows {
            (times, table) = take(&times, &table, &rows)?;
        }
        self.outputs.push_posts(&mut table, None)?;
        let names = self.dimensions.iter().map(String::as_str).chain(self.outputs.names());
        let table = self.plan.extracted(&self.dimensions, table.select(names)?)?;
        if self.plan.is_one_bucket() {
            times.fill(self.all_stamp);
        }
        Ok((times, table))
    }

    /// Without dimensions, granularity `all` and no offset there is a row even without data.
    fn has_summary(&self) -> bool {
        self.dimensions.is_empty() && self.plan.is_one_bucket() && self.limit.offset == 0
    }

    fn table(&self, groups: &FoldPartial, kept: &[String]) -> Result<Table> {
        let mut table = Table::new(groups.num_groups());
        for (name, key) in self.dimensions.iter().zip(&groups.keys) {
            table.push(name, key.clone())?;
        }
        self.outputs.push_aggregates(&mut table, &groups.states, kept)?;
        Ok(table)
    }

    /// All groups, in natural order only if nothing reorders them later.
    fn natural(&self, groups: FoldPartial) -> Result<(Vec<i64>, Table)> {
        let table = self.table(&groups, &self.dimensions)?;
        Ok((groups.times, table))
    }

    /// One set of rows per list of dimensions, each in natural order, one below the other.
    fn subtotal_rows(
        &self,
        groups: &FoldPartial,
        sets: &[Vec<usize>],
        exec: &ExecContext,
    ) -> Result<(Vec<i64>, Table)> {
        let (mut times, mut tables) = (Vec::new(), Vec::new());
        for set in sets {
            let mut part = groups.clone();
            for (at, key) in part.keys.iter_mut().enumerate() {
                if !set.contains(&at) {
                    *key = Values::Null(key.len());
                }
            }
            let part = regroup(&self.plan.specs, &[part], exec)?;
            let names: Vec<String> = set.iter().map(|at| self.dimensions[*at].clone()).collect();
            let table = self.table(&part, &names)?;
            let order = sort(&self.natural_keys(&part.times, &table), table.num_rows(), 0, None);
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

    /// The order and cut of the rows; `None` when they are to stay as they are.
    fn ordered(&self, times: &[i64], table: &mut Table) -> Result<Option<UInt32Array>> {
        let limit = &self.limit;
        if limit.columns.is_empty() && self.subtotals.is_some() {
            let all = limit.limit.is_none() && limit.offset == 0;
            return Ok((!all).then(|| sort(&[], table.num_rows(), limit.offset, limit.limit)));
        }
        let names: Vec<String> = limit.columns.iter().map(|column| column.name.clone()).collect();
        if !names.is_empty() {
            self.outputs.push_posts(table, Some(&names))?;
        }
        let mut keys = Vec::new();
        if !names.is_empty() && !self.plan.is_one_bucket() && !self.dims_first {
            keys.push(SortKey::longs(times));
        }
        for column in &limit.columns {
            let values = table.get(&column.name).map(Values::sort_keys).transpose()?;
            let values = values.unwrap_or(Values::Null(table.num_rows()));
            keys.push(SortKey::new(&values, self.how(&column.name, column.order)).descending(column.descending));
        }
        if self.subtotals.is_none() {
            keys.extend(self.natural_keys(times, table));
        }
        Ok(Some(sort(&keys, table.num_rows(), limit.offset, limit.limit)))
    }

    /// Dimensions compare by their string form unless they are numbers in numeric order; outputs by value.
    fn how(&self, name: &str, order: dialect::StringOrder) -> How {
        match self.dimensions.iter().position(|dimension| dimension == name) {
            None => self.outputs.order_of(name),
            Some(at)
                if self.is_numeric[at]
                    && matches!(order, dialect::StringOrder::Numeric | dialect::StringOrder::Natural) =>
            {
                How::Natural
            }
            Some(_) => How::Text(order),
        }
    }

    /// Time, then dimensions; or the other way round.
    fn natural_keys(&self, times: &[i64], table: &Table) -> Vec<SortKey> {
        let mut keys: Vec<SortKey> = Vec::new();
        let by_time = !self.plan.is_one_bucket();
        if by_time && !self.dims_first {
            keys.push(SortKey::longs(times));
        }
        for name in &self.dimensions {
            if let Some(values) = table.get(name) {
                keys.push(SortKey::new(values, How::Natural));
            }
        }
        if by_time && self.dims_first {
            keys.push(SortKey::longs(times));
        }
        keys
    }
}

fn take(times: &[i64], table: &Table, rows: &UInt32Array) -> Result<(Vec<i64>, Table)> {
    let times = rows.values().iter().map(|row| times[*row as usize]).collect();
    Ok((times, table.take(rows)?))
}
