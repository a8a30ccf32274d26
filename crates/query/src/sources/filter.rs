//! Rows of a source that pass a filter.

use std::sync::Arc;

use expression::{Environment, Filter as RowFilter};
use segment::SegmentRef;

use super::picked::Picked;
use super::view::{Beside, View};
use super::{Asked, Source, narrow};
use crate::exec::{ExecContext, Reservation};
use crate::fields::Fields;
use crate::plan::Scope;
use crate::{Result, Sources};

#[derive(Debug)]
struct Filtered {
    base: Arc<dyn Source>,
    filter: RowFilter,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let base = super::parse(fields.require("base")?, env)?;
    Ok(Arc::new(Filtered { base, filter: RowFilter::parse_with(fields.require("filter")?, env)? }))
}

impl Source for Filtered {
    fn tables(&self, names: &mut Vec<String>) {
        self.base.tables(names);
    }

    fn prefixes(&self, prefixes: &mut Vec<String>) {
        self.base.prefixes(prefixes);
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        let mut below = asked.only(|_| true);
        below.early.extend(self.filter.conjuncts());
        let scope = self.base.resolve(&below, sources, exec)?;
        let (filters, intervals, context) = (below.early, asked.query.intervals().to_vec(), exec.clone());
        scope.view(asked.query, exec, move |segment| filtered(segment, &filters, &intervals, &context))
    }
}

/// The rows of a segment that pass all filters, as a segment.
pub(super) fn filtered(
    segment: SegmentRef,
    filters: &[RowFilter],
    intervals: &[timeline::Interval],
    exec: &ExecContext,
) -> Result<SegmentRef> {
    let Some(rows) = narrow::rows(&segment, intervals, filters, exec)? else { return Ok(segment) };
    let mut held = Reservation::new(&exec.memory);
    held.resize(rows.len() * 16)?;
    let (schema, start) = (segment.schema().clone(), segment.time_range().start);
    View::over(segment, Some(Picked::new(rows)), Beside::Nothing, schema, start, held)
}
