//! `and`: every part passes.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::SegmentRef;
use timeline::Interval;

use super::bound_filter::{BoundFilter, Same};
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::json::Object;
use crate::{Result, Truth, words};

pub(super) const KIND: FilterKind = FilterKind { tag: "and", parse };

/// Cost from which on a part is asked only about the rows that passed those before.
const COSTLY: f64 = 250.0;

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    Ok(Filter::and(parsing.fields(object)?))
}

impl Filter {
    /// What every one of some filters lets pass; all rows when there is none.
    pub fn and(mut fields: Vec<Filter>) -> Filter {
        match fields.len() {
            1 => fields.remove(0),
            _ => Filter::new(And { fields }),
        }
    }
}

#[derive(Debug)]
struct And {
    fields: Vec<Filter>,
}

impl FilterSpec for And {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        self.fields.iter().for_each(|field| field.spec().required_columns(out));
    }

    fn conjuncts(&self) -> Option<&[Filter]> {
        Some(&self.fields)
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        all(self.fields.iter().map(|field| field.bind(segment)), segment.num_rows())
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        intersect(self.fields.iter().filter_map(|field| field.spec().time_intervals()))
    }

    fn time_intervals_of_not(&self) -> Option<Vec<Interval>> {
        union(self.fields.iter().map(|field| field.spec().time_intervals_of_not()))
    }
}

/// Every one of some bound filters. Those behind one that lets no row pass are not asked for.
pub(super) fn all(
    bound: impl Iterator<Item = Result<Box<dyn BoundFilter>>>,
    num_rows: usize,
) -> Result<Box<dyn BoundFilter>> {
    joined(bound, Truth::False, Truth::True, |parts| Box::new(BoundAnd { parts, num_rows }))
}

/// Bound filters as one, the cheapest first. One that is `decisive` for every row is the answer; those that never
/// matter are left out, and where no other is left, they are the answer.
pub(super) fn joined(
    bound: impl Iterator<Item = Result<Box<dyn BoundFilter>>>,
    decisive: Truth,
    idle: Truth,
    of_several: impl FnOnce(Vec<Box<dyn BoundFilter>>) -> Box<dyn BoundFilter>,
) -> Result<Box<dyn BoundFilter>> {
    let mut parts = Vec::new();
    for part in bound {
        let part = part?;
        match part.constant() {
            Some(truth) if truth == decisive => return Ok(part),
            Some(truth) if truth == idle => {}
            _ => parts.push(part),
        }
    }
    parts.sort_by(|a, b| a.cost().total_cmp(&b.cost()));
    Ok(match parts.len() {
        0 => Box::new(Same(idle)),
        1 => parts.remove(0),
        _ => of_several(parts),
    })
}

/// What is in all lists; `None` when there is no list.
pub(super) fn intersect(mut lists: impl Iterator<Item = Vec<Interval>>) -> Option<Vec<Interval>> {
    let first = lists.next()?;
    Some(
        lists.fold(first, |so_far, list| {
            so_far.iter().flat_map(|a| list.iter().filter_map(|b| a.intersect(b))).collect()
        }),
    )
}

/// What is in some list; `None` when one of them is all time.
pub(super) fn union(lists: impl Iterator<Item = Option<Vec<Interval>>>) -> Option<Vec<Interval>> {
    lists.collect::<Option<Vec<_>>>().map(|lists| timeline::condense(lists.concat()))
}

/// Clears the rows that do not pass, asking about no others than those that are set.
fn keep_passing(part: &dyn BoundFilter, start: usize, out: &mut [u64]) -> Result<()> {
    let mut rows = aggregate::listed::places(start as u32, out);
    part.retain(&mut rows)?;
    out.fill(0);
    for row in rows {
        let row = row as usize - start;
        out[row / 64] |= 1 << (row % 64);
    }
    Ok(())
}

struct BoundAnd {
    /// The cheapest first.
    parts: Vec<Box<dyn BoundFilter>>,
    num_rows: usize,
}

impl BoundFilter for BoundAnd {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        let mut more = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            if at == 0 {
                part.mask(rows.clone(), unknown, out)?;
                continue;
            }
            if words::is_empty(out) {
                return Ok(());
            }
            if !unknown && part.cost() >= COSTLY && words::count(out) < rows.len() / 2 {
                keep_passing(part.as_ref(), rows.start, out)?;
            } else if unknown || !part.narrow(rows.clone(), out) {
                part.mask(rows.clone(), unknown, &mut more)?;
                words::and(out, &more);
            }
        }
        Ok(())
    }

    fn constant(&self) -> Option<Truth> {
        // Unknown parts alone leave nothing else to say.
        self.parts.iter().all(|part| part.constant() == Some(Truth::Unknown)).then_some(Truth::Unknown)
    }

    fn is_always_false(&self) -> bool {
        self.parts.iter().any(|part| part.is_always_false())
    }

    fn row_range(&self, num_rows: usize) -> Range<usize> {
        self.parts.iter().fold(0..num_rows, |range, part| {
            let other = part.row_range(num_rows);
            let start = range.start.max(other.start);
            start..range.end.min(other.end).max(start)
        })
    }

    fn estimate(&self, num_rows: usize) -> usize {
        self.parts.iter().map(|part| part.estimate(num_rows)).min().unwrap_or(num_rows)
    }

    fn positions(&self) -> Result<Option<Vec<u32>>> {
        if self.is_always_false() {
            return Ok(Some(Vec::new()));
        }
        let fewest = self.parts.iter().enumerate().min_by_key(|(_, part)| part.estimate(self.num_rows));
        let Some((fewest, part)) = fewest else { return Ok(None) };
        let Some(mut rows) = part.positions()? else { return Ok(None) };
        for (_, part) in self.parts.iter().enumerate().filter(|(at, _)| *at != fewest) {
            if rows.is_empty() {
                break;
            }
            part.retain(&mut rows)?;
        }
        Ok(Some(rows))
    }

    fn retain(&self, rows: &mut Vec<u32>) -> Result<()> {
        self.parts.iter().try_for_each(|part| if rows.is_empty() { Ok(()) } else { part.retain(rows) })
    }

    fn cost(&self) -> f64 {
        self.parts.iter().map(|part| part.cost()).sum()
    }
}
