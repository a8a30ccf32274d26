//! A query filter over the rows of the answer: dimensions, aggregates, post-aggregates, `__time`.

use expression::{Environment, Filter};

use super::Having;
use crate::fields::Fields;
use crate::finalize::Table;
use crate::{Result, sources};

#[derive(Debug)]
struct FilterHaving {
    filter: Filter,
    finalize: bool,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Box<dyn Having>> {
    let filter = Filter::parse_with(fields.require("filter")?, env)?;
    Ok(Box::new(FilterHaving { filter, finalize: fields.bool("finalize", true)? }))
}

impl Having for FilterHaving {
    fn columns(&self) -> Option<Vec<String>> {
        None
    }

    fn keep(&self, rows: &Table) -> Result<Vec<bool>> {
        let shown = if self.finalize { rows.shown(true)? } else { rows.clone() };
        let segment = sources::table_segment(&shown)?;
        crate::run::verdicts(&self.filter, &segment)
    }
}
