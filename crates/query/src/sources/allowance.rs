//! How much subqueries may hand to the queries around them.

use std::sync::atomic::Ordering;

use crate::context::QueryContext;
use crate::exec::{ExecContext, Limits};
use crate::{Error, Result};

/// What all subqueries of a query together may hand on.
pub(super) struct Allowance {
    max_rows: usize,
    max_bytes: Option<usize>,
}

/// An inner answer with more rows than may be handed on.
pub(crate) fn too_many_rows() -> Error {
    Error::ResourceLimit("the subqueries give more rows than maxSubqueryRows allows".to_owned())
}

/// As [`too_many_rows`], of bytes.
pub(crate) fn too_many_bytes() -> Error {
    Error::ResourceLimit("the subqueries give more bytes than maxSubqueryBytes allows".to_owned())
}

/// Rows on their way between two groupings count as those of one.
pub(super) fn unlimited(limits: Limits) -> Limits {
    Limits { max_subquery_rows: usize::MAX, max_subquery_bytes: None, ..limits }
}

impl Allowance {
    /// By the context of the query around; what it does not say holds as before. Where bytes are counted, rows are
    /// only when they are asked for.
    pub fn of(context: &QueryContext, exec: &ExecContext) -> Result<Self> {
        let automatic = usize::try_from(exec.memory.limit_bytes() / 2).unwrap_or(usize::MAX);
        let max_bytes = context.subquery_bytes(automatic)?.unwrap_or(exec.limits.max_subquery_bytes);
        let max_rows = match context.long_from("maxSubqueryRows", 1)? {
            Some(asked) => usize::try_from(asked).map_err(Error::internal)?,
            None if max_bytes.is_some() => usize::MAX,
            None => exec.limits.max_subquery_rows,
        };
        Ok(Self { max_rows, max_bytes })
    }

    pub fn limits(&self, limits: Limits) -> Limits {
        Limits { max_subquery_rows: self.max_rows, max_subquery_bytes: self.max_bytes, ..limits }
    }

    /// What the next subquery may still hand on. Fails when that is nothing.
    pub fn left(&self, exec: &ExecContext) -> Result<Limits> {
        let rows = self.max_rows.checked_sub(exec.handed_on.rows.load(Ordering::Relaxed)).filter(|left| *left > 0);
        let taken_bytes = exec.handed_on.bytes.load(Ordering::Relaxed);
        let bytes = self.max_bytes.map(|max| max.checked_sub(taken_bytes).filter(|left| *left > 0));
        Ok(Limits {
            max_subquery_rows: rows.ok_or_else(too_many_rows)?,
            max_subquery_bytes: bytes.map(|left| left.ok_or_else(too_many_bytes)).transpose()?,
            ..exec.limits
        })
    }

    /// Counts an inner answer. Fails when it is too much.
    pub fn take(&self, num_rows: usize, num_bytes: usize, exec: &ExecContext) -> Result<()> {
        let rows = exec.handed_on.rows.fetch_add(num_rows, Ordering::Relaxed).saturating_add(num_rows);
        let bytes = exec.handed_on.bytes.fetch_add(num_bytes, Ordering::Relaxed).saturating_add(num_bytes);
        match () {
            () if rows > self.max_rows => Err(too_many_rows()),
            () if self.max_bytes.is_some_and(|max| bytes > max) => Err(too_many_bytes()),
            () => Ok(()),
        }
    }
}
