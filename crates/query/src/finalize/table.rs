//! An answer being finished: named columns of equal length.

use arrow_array::UInt32Array;

use super::Values;
use crate::{Error, Result};

/// Columns in output order. A later column of a name hides an earlier one.
#[derive(Clone, Default)]
pub(crate) struct Table {
    columns: Vec<(String, Values)>,
    num_rows: usize,
    /// Rows have a time that is no column to those who ask for all columns.
    pub hides_time: bool,
}

impl Table {
    pub fn new(num_rows: usize) -> Self {
        Self { columns: Vec::new(), num_rows, hides_time: false }
    }

    pub fn num_rows(&self) -> usize {
        self.num_rows
    }

    pub fn push(&mut self, name: impl Into<String>, values: Values) -> Result<()> {
        let name = name.into();
        if values.len() != self.num_rows {
            return Err(Error::internal(format_args!(
                "column '{name}' has {} rows of {}",
                values.len(),
                self.num_rows
            )));
        }
        self.columns.push((name, values));
        Ok(())
    }

    pub fn get(&self, name: &str) -> Option<&Values> {
        self.columns.iter().rev().find(|(n, _)| n == name).map(|(_, values)| values)
    }

    pub fn finalized(&self, name: &str) -> Result<Option<Values>> {
        self.get(name).map(Values::finalized).transpose()
    }

    pub fn columns(&self) -> &[(String, Values)] {
        &self.columns
    }

    pub fn take(&self, rows: &UInt32Array) -> Result<Table> {
        let columns = self.columns.iter().map(|(name, values)| Ok((name.clone(), values.take(rows)?)));
        Ok(Table { columns: columns.collect::<Result<_>>()?, num_rows: rows.len(), hides_time: self.hides_time })
    }

    /// Every state as it is shown: finalized, or its stored form.
    pub fn shown(&self, finalize: bool) -> Result<Table> {
        let columns = self.columns.iter().map(|(name, values)| {
            let shown = if finalize { values.finalized()? } else { values.unfinalized()? };
            Ok((name.clone(), shown))
        });
        Ok(Table { columns: columns.collect::<Result<_>>()?, num_rows: self.num_rows, hides_time: self.hides_time })
    }

    /// Bytes that the columns hold, roughly.
    pub fn memory_bytes(&self) -> usize {
        self.columns.iter().map(|(_, values)| values.memory_bytes()).sum()
    }

    /// The columns named, in that order.
    pub fn select<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<Table> {
        let mut chosen = Table::new(self.num_rows);
        for name in names {
            let values = self.get(name).cloned().unwrap_or(Values::Null(self.num_rows));
            chosen.push(name, values)?;
        }
        Ok(chosen)
    }
}
