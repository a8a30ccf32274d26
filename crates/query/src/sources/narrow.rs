//! Rows that an answer can be made of, found before they are joined or taken apart.

use expression::Filter;
use segment::SegmentRef;
use timeline::{Granularity, Interval};

use crate::Result;
use crate::exec::ExecContext;
use crate::run::Selection;

/// Rows of the segment inside the intervals that pass the filters; `None` is all of them.
pub(super) fn rows(
    segment: &SegmentRef,
    intervals: &[Interval],
    filters: &[Filter],
    exec: &ExecContext,
) -> Result<Option<Vec<u32>>> {
    let range = segment.time_range();
    let is_inside = range.start >= range.end || intervals.iter().any(|i| i.start <= range.start && range.end <= i.end);
    if filters.is_empty() && is_inside {
        return Ok(None);
    }
    let filter = (!filters.is_empty()).then(|| Filter::and(filters.to_vec()));
    let mut selection = Selection::new(segment, intervals, &Granularity::All, filter.as_ref())?;
    let mut found = Vec::new();
    for rows in selection.vectors(0..segment.num_rows()) {
        exec.check()?;
        let first = rows.start as u32;
        if let Some(selected) = selection.select(rows)? {
            found.extend(selected.positions().into_iter().map(|row| first + row));
        }
    }
    Ok(Some(found))
}
