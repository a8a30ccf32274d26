//! `having`: which finalized rows of a groupBy stay. One file per type.

mod always;
mod and;
mod dim_selector;
mod equal_to;
mod filter;
mod greater_than;
mod less_than;
mod not;
mod number;
mod or;

use std::fmt::Debug;

use expression::Environment;
use serde_json::Value;

use crate::Result;
use crate::fields::{Fields, tag_of, unknown};
use crate::finalize::Table;

/// A predicate over rows of finalized columns.
pub(crate) trait Having: Debug + Send + Sync {
    /// Names of the columns read; `None` when any may be.
    fn columns(&self) -> Option<Vec<String>>;
    /// One verdict per row.
    fn keep(&self, rows: &Table) -> Result<Vec<bool>>;
}

type Parse = fn(&Fields<'_>, &Environment) -> Result<Box<dyn Having>>;

// open set
// helpers: number
static KINDS: &[(&str, Parse)] = &[
    ("always", always::parse),
    ("and", and::parse),
    ("dimSelector", dim_selector::parse),
    ("equalTo", equal_to::parse),
    ("filter", filter::parse),
    ("greaterThan", greater_than::parse),
    ("lessThan", less_than::parse),
    ("not", not::parse),
    ("or", or::parse),
];

pub(crate) fn parse(value: &Value, env: &Environment) -> Result<Box<dyn Having>> {
    let tag = tag_of(value, "having")?;
    let Some((_, parse)) = KINDS.iter().find(|(known, _)| *known == tag) else {
        return Err(unknown("having", tag, KINDS.iter().map(|(known, _)| *known)));
    };
    parse(&Fields::of(value, "having")?, env)
}

fn parse_all(fields: &Fields<'_>, env: &Environment) -> Result<Vec<Box<dyn Having>>> {
    fields.list("havingSpecs")?.iter().filter(|v| !v.is_null()).map(|value| parse(value, env)).collect()
}

fn columns_of(specs: &[Box<dyn Having>]) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for spec in specs {
        all.extend(spec.columns()?);
    }
    Some(all)
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
