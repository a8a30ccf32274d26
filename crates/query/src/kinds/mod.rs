//! Kinds of queries. One file per `queryType`.

mod data_source_metadata;
mod group_by;
mod outputs;
mod scan;
mod search;
mod segment_metadata;
mod time_boundary;
mod timeseries;
mod top_n;

use std::fmt::Debug;
use std::sync::Arc;

use expression::Environment;
use segment::SegmentRef;

use crate::answer::Answer;
use crate::exec::ExecContext;
use crate::fields::{Fields, unknown};
use crate::finalize::Table;
use crate::model::Common;
use crate::partial::Partial;
use crate::plan::Scope;
use crate::spill::Spilled;
use crate::{Error, Result};

/// How a query reads the rows of the one inside it.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    /// States are finalized.
    pub finalize: bool,
    /// Groups are grouped again, with nothing in between.
    pub is_regrouped: bool,
}

/// What a kind of query does with segments, partials and rows.
pub(crate) trait Kind: Debug + Send + Sync {
    fn tag(&self) -> &'static str;

    /// Reads segments.
    fn run(&self, scope: &Scope, exec: &ExecContext) -> Result<Partial>;

    /// One partial out of several. Associative.
    fn merge(&self, parts: Vec<Partial>, exec: &ExecContext) -> Result<Partial>;

    fn finalize(&self, partial: Partial, is_table: bool, exec: &ExecContext) -> Result<Answer>;

    /// The rows as a table for the query around this one.
    fn rows(&self, _partial: Partial, _is_table: bool, _reading: Reading, _exec: &ExecContext) -> Result<Table> {
        Err(Error::unsupported(format!("a {} query cannot be the dataSource of another query", self.tag())))
    }

    /// Whether the rows of groups on disk can be handed over by [`Kind::parts`], in place of [`Kind::rows`].
    fn has_parts(&self) -> bool {
        false
    }

    /// The rows of groups on disk, some at a time and in no order.
    fn parts(
        &self,
        _groups: &Spilled,
        _reading: Reading,
        _exec: &ExecContext,
        _take: &mut dyn FnMut(Table) -> Result<()>,
    ) -> Result<()> {
        Err(Error::internal(format_args!("a {} query has no groups", self.tag())))
    }

    /// Whether [`Kind::run`] reads what comes later.
    fn folds_parts(&self) -> bool {
        false
    }

    /// Whether the answer shows rows of which it does not matter in which segment they lie.
    fn is_of_any_segments(&self) -> bool {
        false
    }

    /// Which of the segments offered are read at all.
    fn choose(&self, segments: Vec<SegmentRef>) -> Result<Vec<SegmentRef>> {
        Ok(segments)
    }

    /// Whether sketches stay sketches when this query reads an inner groupBy.
    fn keeps_states(&self) -> bool {
        false
    }
}

type Parse = fn(&Arc<Common>, &Fields<'_>, &Environment) -> Result<Arc<dyn Kind>>;

/// A `queryType` and how it is read.
pub(crate) struct Entry {
    tag: &'static str,
    pub needs_intervals: bool,
    pub parse: Parse,
}

// open set
// helpers: outputs
static KINDS: &[Entry] = &[
    Entry { tag: data_source_metadata::TAG, needs_intervals: false, parse: data_source_metadata::parse },
    Entry { tag: group_by::TAG, needs_intervals: true, parse: group_by::parse },
    Entry { tag: scan::TAG, needs_intervals: true, parse: scan::parse },
    Entry { tag: search::TAG, needs_intervals: true, parse: search::parse },
    Entry { tag: segment_metadata::TAG, needs_intervals: false, parse: segment_metadata::parse },
    Entry { tag: time_boundary::TAG, needs_intervals: false, parse: time_boundary::parse },
    Entry { tag: timeseries::TAG, needs_intervals: true, parse: timeseries::parse },
    Entry { tag: top_n::TAG, needs_intervals: true, parse: top_n::parse },
];

pub(crate) fn find(tag: &str) -> Result<&'static Entry> {
    if tag == "select" {
        return Err(Error::invalid("queryType 'select' was removed: use scan"));
    }
    let entry = KINDS.iter().find(|entry| entry.tag == tag);
    entry.ok_or_else(|| unknown("queryType", tag, KINDS.iter().map(|entry| entry.tag)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::KINDS;

    #[test]
    fn no_tag_repeats() {
        let tags: BTreeSet<&str> = KINDS.iter().map(|entry| entry.tag).collect();
        assert_eq!(tags.len(), KINDS.len());
    }
}
