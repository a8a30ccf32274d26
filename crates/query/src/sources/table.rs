//! A table: the segments and live rows of one name.

use std::sync::Arc;

use expression::Environment;

use super::{Asked, Source};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Result, Sources};

#[derive(Debug)]
struct Table(String);

pub(super) fn parse(fields: &Fields<'_>, _: &Environment) -> Result<Arc<dyn Source>> {
    Ok(named(fields.require_text("name")?))
}

pub(super) fn named(name: String) -> Arc<dyn Source> {
    Arc::new(Table(name))
}

impl Source for Table {
    fn tables(&self, names: &mut Vec<String>) {
        names.push(self.0.clone());
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, _: &ExecContext) -> Result<Scope> {
        let intervals = asked.query.intervals();
        if asked.any_segments
            && let Some(bound) = sources.bound(&self.0, intervals)?
        {
            let chunks = Some(Scope::of_table(bound.of).chunks());
            return Ok(Scope { chunks, ..Scope::of_table(bound.segments) });
        }
        Ok(Scope::of_table(asked.query.kind.choose(sources.segments(&self.0, intervals)?)?))
    }

    fn is_table(&self) -> bool {
        true
    }
}
