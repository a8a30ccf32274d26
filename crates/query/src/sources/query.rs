//! The answer of another query.

use std::sync::Arc;

use expression::Environment;
use segment::Held;

use super::{Source, table_segment};
use crate::exec::{ExecContext, Reservation};
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Error, Query, Result, Sources};

#[derive(Debug)]
struct Inner(Query);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let inner = Query::from_value(fields.require("query")?.clone(), env)?;
    Ok(Arc::new(Inner(inner)))
}

/// An inner answer with more rows than may be handed on.
pub(crate) fn too_many_rows(max: usize) -> Error {
    Error::ResourceLimit(format!("a subquery gave more than {max} rows (maxSubqueryRows)"))
}

impl Source for Inner {
    fn tables(&self, names: &mut Vec<String>) {
        self.0.common.source.tables(names);
    }

    fn resolve(&self, query: &Query, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        let inner = &self.0;
        let both_group = query.kind.keeps_states() && inner.kind.keeps_states();
        let finalize = inner.context().bool("finalize", !both_group)?;
        let limit = match query.context().long_from("maxSubqueryRows", 1)? {
            Some(asked) => usize::try_from(asked).map_err(Error::internal)?,
            None => exec.limits.max_subquery_rows,
        };
        let mut within = exec.clone();
        within.limits.max_subquery_rows = if both_group { usize::MAX } else { limit };
        let scope = inner.common.source.resolve(inner, sources, &within)?;
        let partial = inner.kind.run(&scope, &within)?;
        let rows = inner.kind.rows(partial, scope.is_table, finalize, &within)?;
        if rows.num_rows() > within.limits.max_subquery_rows {
            return Err(too_many_rows(limit));
        }
        let mut held = Reservation::new(&exec.memory);
        held.resize(rows.num_rows() * rows.columns().len() * 16)?;
        // The memory is accounted for as long as someone may read the rows.
        let segment = Arc::new(Held::new(table_segment(&rows)?, held));
        Ok(Scope { segments: vec![segment], is_table: false })
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Query").field(self.as_json()).finish()
    }
}
