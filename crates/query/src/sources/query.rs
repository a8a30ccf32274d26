//! The answer of another query.

use std::sync::Arc;

use expression::Environment;
use segment::Held;

use super::allowance::{self, Allowance};
use super::{Asked, Source, table_segment};
use crate::exec::{ExecContext, Reservation};
use crate::fields::Fields;
use crate::kinds::Reading;
use crate::plan::Scope;
use crate::{Query, Result, Sources};

#[derive(Debug)]
pub(super) struct Inner(pub Query);

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let inner = Query::from_value(fields.require("query")?.clone(), env)?;
    Ok(Arc::new(Inner(inner)))
}

impl Source for Inner {
    fn tables(&self, names: &mut Vec<String>) {
        self.0.common.source.tables(names);
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        let (query, inner) = (asked.query, &self.0);
        let both_group = query.kind.keeps_states() && inner.kind.keeps_states();
        let finalize = inner.context().bool("finalize", !both_group)?;
        let allowance = Allowance::of(query.context(), exec)?;
        let mut within = exec.clone();
        within.limits = allowance.limits(exec.limits);
        let scope = inner.common.source.resolve(&Asked::of(inner), sources, &within)?;
        let partial = inner.kind.run(&scope, &within)?;
        within.limits = if both_group { allowance::unlimited(exec.limits) } else { allowance.left(&within)? };
        let reading = Reading { finalize, is_regrouped: both_group };
        let rows = inner.kind.rows(partial, scope.is_table, reading, &within)?;
        let num_bytes = rows.memory_bytes();
        if !both_group {
            allowance.take(rows.num_rows(), num_bytes, exec)?;
        }
        let mut held = Reservation::new(&exec.memory);
        held.resize(num_bytes.max(rows.num_rows() * rows.columns().len() * 16))?;
        // The memory is accounted for as long as someone may read the rows.
        Ok(Scope::of_rows(Arc::new(Held::new(table_segment(&rows)?, held))))
    }

    fn as_right(self: Arc<Self>, _: &Environment) -> Result<Arc<dyn Source>> {
        Ok(self)
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Query").field(self.as_json()).finish()
    }
}
