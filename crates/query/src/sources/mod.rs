//! Where rows come from: `dataSource`. One file per type.

mod inline;
mod query;
mod rows;
mod segments;
mod table;
mod union;

use std::fmt::Debug;
use std::sync::Arc;

use ::expression::Environment;
use serde_json::Value;

pub(crate) use query::too_many_rows;
pub(crate) use rows::{eval, table_segment};
pub(crate) use segments::by_segment;

use crate::exec::ExecContext;
use crate::fields::{Fields, tag_of, unknown};
use crate::plan::Scope;
use crate::{Error, Query, Result, Sources};

/// Rows to be queried.
pub(crate) trait Source: Debug + Send + Sync {
    /// Names of the tables that are read.
    fn tables(&self, names: &mut Vec<String>);

    fn resolve(&self, query: &Query, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope>;

    /// Whether the rows are those of tables.
    fn is_table(&self) -> bool {
        false
    }
}

type Parse = fn(&Fields<'_>, &Environment) -> Result<Arc<dyn Source>>;

// open set
// helpers: rows, segments
static KINDS: &[(&str, Parse)] =
    &[("inline", inline::parse), ("query", query::parse), ("table", table::parse), ("union", union::parse)];

/// Types that Druid has and this store does not have yet.
const LATER: &[&str] = &["filter", "globalTable", "join", "lookup", "restrict", "unnest"];

pub(crate) fn parse(value: &Value, env: &Environment) -> Result<Arc<dyn Source>> {
    if let Value::String(name) = value {
        return Ok(table::named(name.clone()));
    }
    let tag = tag_of(value, "'dataSource'")?;
    if LATER.contains(&tag) {
        return Err(Error::unsupported(format!("a 'dataSource' of type '{tag}' is not supported yet")));
    }
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
