//! Several tables as one; columns that one of them lacks are null there.

use std::sync::Arc;

use expression::Environment;

use super::{Asked, Source};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Error, Result, Sources};

#[derive(Debug)]
struct Union(Vec<String>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let mut names = Vec::new();
    for value in fields.list("dataSources")? {
        let member = super::parse(value, env)?;
        if !member.is_table() {
            return Err(Error::invalid("'dataSources' of a union must be tables"));
        }
        member.tables(&mut names);
    }
    if names.is_empty() {
        return Err(Error::invalid("'dataSources' of a union is empty"));
    }
    Ok(Arc::new(Union(names)))
}

impl Source for Union {
    fn tables(&self, names: &mut Vec<String>) {
        names.extend(self.0.iter().cloned());
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, _: &ExecContext) -> Result<Scope> {
        let mut segments = Vec::new();
        for name in &self.0 {
            segments.extend(asked.query.kind.choose(sources.segments(name, asked.query.intervals())?)?);
        }
        Ok(Scope::of_table(segments))
    }

    fn is_table(&self) -> bool {
        true
    }
}
