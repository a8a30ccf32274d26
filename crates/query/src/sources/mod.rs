//! Where rows come from: `dataSource`. One file per type.

mod allowance;
mod filter;
mod global_table;
mod inline;
mod join;
mod lookup;
mod narrow;
mod picked;
mod query;
mod rows;
mod segments;
mod table;
mod union;
mod unnest;
mod view;

use std::fmt::Debug;
use std::sync::Arc;

use ::expression::{Environment, Filter};
use serde_json::Value;

pub(crate) use allowance::{too_many_bytes, too_many_rows};
pub(crate) use rows::{eval, table_segment};
pub(crate) use segments::by_segment;

use crate::exec::ExecContext;
use crate::fields::{Fields, tag_of, unknown};
use crate::plan::Scope;
use crate::{Error, Query, Result, Sources};

/// What is asked of a source.
pub(crate) struct Asked<'a> {
    pub query: &'a Query,
    /// Filters that no row of the answer fails, over columns of the source: rows that fail one may be left out.
    pub early: Vec<Filter>,
    /// Whether rows that memory has no room for may come some at a time.
    pub by_parts: bool,
    /// Whether rows may lie in any segments, as long as all are there.
    pub any_segments: bool,
}

impl<'a> Asked<'a> {
    /// What a query asks of its own source.
    pub fn of(query: &'a Query) -> Self {
        let hidden = query.common.virtual_columns.as_ref();
        let is_real = |name: &String| hidden.is_none_or(|columns| !columns.contains(name));
        let conjuncts = query.common.filter.iter().flat_map(Filter::conjuncts);
        let early = conjuncts.filter(|filter| filter.required_columns().iter().all(is_real)).collect();
        let is_apart = query.context().bool("bySegment", false).unwrap_or(false);
        let (by_parts, any_segments) = (query.kind.folds_parts(), query.kind.is_of_any_segments());
        Self { query, early, by_parts: by_parts && !is_apart, any_segments: any_segments && !is_apart }
    }

    /// The same of a source that has only some of the columns.
    pub fn only(&self, is_there: impl Fn(&str) -> bool) -> Self {
        let mut early = self.early.clone();
        early.retain(|filter| filter.required_columns().iter().all(|name| is_there(name)));
        Self { query: self.query, early, by_parts: false, any_segments: self.any_segments }
    }
}

/// Rows to be queried.
pub(crate) trait Source: Debug + Send + Sync {
    /// Names of the tables that are read.
    fn tables(&self, names: &mut Vec<String>);

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope>;

    /// Whether the rows are those of tables.
    fn is_table(&self) -> bool {
        false
    }

    /// Prefixes that joins below give to columns.
    fn prefixes(&self, _: &mut Vec<String>) {}

    /// The same rows as the right side of a join, where they are held in memory.
    fn as_right(self: Arc<Self>, _: &Environment) -> Result<Arc<dyn Source>> {
        Err(Error::invalid("'right' of a join must be a lookup, inline, query or globalTable"))
    }
}

type Parse = fn(&Fields<'_>, &Environment) -> Result<Arc<dyn Source>>;

// open set
// helpers: allowance, narrow, picked, rows, segments, view
static KINDS: &[(&str, Parse)] = &[
    ("filter", filter::parse),
    ("globalTable", global_table::parse),
    ("inline", inline::parse),
    ("join", join::parse),
    ("lookup", lookup::parse),
    ("query", query::parse),
    ("table", table::parse),
    ("union", union::parse),
    ("unnest", unnest::parse),
];

pub(crate) fn parse(value: &Value, env: &Environment) -> Result<Arc<dyn Source>> {
    if let Value::String(name) = value {
        return Ok(table::named(name.clone()));
    }
    let tag = tag_of(value, "'dataSource'")?;
    let Some((_, parse)) = KINDS.iter().find(|(known, _)| *known == tag) else {
        return Err(unknown("dataSource", tag, KINDS.iter().map(|(known, _)| *known)));
    };
    parse(&Fields::of(value, "'dataSource'")?, env)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::KINDS;

    #[test]
    fn no_tag_repeats() {
        let tags: BTreeSet<&str> = KINDS.iter().map(|(tag, _)| *tag).collect();
        assert_eq!(tags.len(), KINDS.len());
    }
}
