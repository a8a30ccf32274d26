//! The answer of another query.

use std::sync::Arc;

use expression::Environment;
use segment::{Held, SegmentRef};

use super::allowance::{self, Allowance};
use super::{Asked, Source, table_segment};
use crate::exec::{ExecContext, Reservation};
use crate::fields::Fields;
use crate::finalize::Table;
use crate::kinds::Reading;
use crate::partial::Body;
use crate::plan::{Later, Scope};
use crate::spill::Spilled;
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
        let reading = Reading { finalize, is_regrouped: both_group };
        if let Body::Spilled(groups) = &partial.body
            && asked.by_parts
            && inner.kind.has_parts()
        {
            return Ok(Scope::of_later(Arc::new(Parts { inner: inner.clone(), groups: groups.clone(), reading })));
        }
        within.limits = if both_group { allowance::unlimited(exec.limits) } else { allowance.left(&within)? };
        let rows = inner.kind.rows(partial, scope.is_table, reading, &within)?;
        let num_bytes = rows.memory_bytes();
        if !both_group {
            allowance.take(rows.num_rows(), num_bytes, exec)?;
        }
        Ok(Scope::of_rows(held(&rows, exec)?))
    }

    fn as_right(self: Arc<Self>, _: &Environment) -> Result<Arc<dyn Source>> {
        Ok(self)
    }
}

/// Rows as a segment, whose memory is accounted for as long as someone may read it.
fn held(rows: &Table, exec: &ExecContext) -> Result<SegmentRef> {
    let mut held = Reservation::new(&exec.memory);
    held.resize(rows.memory_bytes().max(rows.num_rows() * rows.columns().len() * 16))?;
    Ok(Arc::new(Held::new(table_segment(rows)?, held)))
}

/// Rows of groups that lie on disk.
struct Parts {
    inner: Query,
    groups: Spilled,
    reading: Reading,
}

impl Later for Parts {
    fn for_each(&self, exec: &ExecContext, take: &mut dyn FnMut(SegmentRef) -> Result<()>) -> Result<()> {
        self.inner.kind.parts(&self.groups, self.reading, exec, &mut |rows| take(held(&rows, exec)?))
    }
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Query").field(self.as_json()).finish()
    }
}
