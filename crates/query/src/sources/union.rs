//! Several sources as one; columns that one of them lacks are null there.

use std::sync::Arc;

use expression::Environment;

use super::{Asked, Source};
use crate::exec::ExecContext;
use crate::fields::Fields;
use crate::partial::Chunks;
use crate::plan::Scope;
use crate::{Error, Result, Sources};

#[derive(Debug)]
struct Union(Vec<Arc<dyn Source>>);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let members = fields.list("dataSources")?.iter().map(|value| super::parse(value, env));
    let members = members.collect::<Result<Vec<_>>>()?;
    if members.is_empty() {
        return Err(Error::invalid("'dataSources' of a union is empty"));
    }
    Ok(Arc::new(Union(members)))
}

impl Source for Union {
    fn tables(&self, names: &mut Vec<String>) {
        self.0.iter().for_each(|member| member.tables(names));
    }

    fn prefixes(&self, prefixes: &mut Vec<String>) {
        self.0.iter().for_each(|member| member.prefixes(prefixes));
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        let asked = asked.only(|_| true);
        let (mut segments, mut chunks, mut is_table) = (Vec::new(), Chunks::default(), true);
        for member in &self.0 {
            let scope = member.resolve(&asked, sources, exec)?;
            chunks.merge(&scope.chunks());
            is_table &= scope.is_table;
            segments.extend(scope.segments);
        }
        Ok(Scope { segments, is_table, chunks: Some(chunks), later: None })
    }

    fn is_table(&self) -> bool {
        self.0.iter().all(|member| member.is_table())
    }
}
