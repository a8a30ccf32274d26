//! `or`: some part passes.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::SegmentRef;
use timeline::Interval;

use super::and::{intersect, joined, union};
use super::bound_filter::BoundFilter;
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::json::Object;
use crate::{Result, Truth, words};

/// Above this part of the rows a mask is the better answer.
const POSITIONS_PART: f64 = 0.03;

pub(super) const KIND: FilterKind = FilterKind { tag: "or", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    Ok(Filter::or(parsing.fields(object)?))
}

impl Filter {
    /// What some of the filters lets pass; no row when there is none.
    pub fn or(mut fields: Vec<Filter>) -> Filter {
        match fields.len() {
            1 => fields.remove(0),
            _ => Filter::new(Or { fields }),
        }
    }
}

#[derive(Debug)]
struct Or {
    fields: Vec<Filter>,
}

impl FilterSpec for Or {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        self.fields.iter().for_each(|field| field.spec().required_columns(out));
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        any(self.fields.iter().map(|field| field.bind(segment)), segment.num_rows())
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        union(self.fields.iter().map(|field| field.spec().time_intervals()))
    }

    fn time_intervals_of_not(&self) -> Option<Vec<Interval>> {
        intersect(self.fields.iter().filter_map(|field| field.spec().time_intervals_of_not()))
    }
}

/// Some one of bound filters. Those behind one that lets every row pass are not asked for.
pub(super) fn any(
    bound: impl Iterator<Item = Result<Box<dyn BoundFilter>>>,
    num_rows: usize,
) -> Result<Box<dyn BoundFilter>> {
    joined(bound, Truth::True, Truth::False, |parts| Box::new(BoundOr { parts, num_rows }))
}

struct BoundOr {
    parts: Vec<Box<dyn BoundFilter>>,
    num_rows: usize,
}

impl BoundFilter for BoundOr {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        let mut more = Vec::new();
        for (at, part) in self.parts.iter().enumerate() {
            if at == 0 {
                part.mask(rows.clone(), unknown, out)?;
            } else {
                part.mask(rows.clone(), unknown, &mut more)?;
                words::or(out, &more);
            }
        }
        Ok(())
    }

    fn constant(&self) -> Option<Truth> {
        self.parts.iter().all(|part| part.constant() == Some(Truth::Unknown)).then_some(Truth::Unknown)
    }

    fn is_always_false(&self) -> bool {
        self.parts.iter().all(|part| part.is_always_false())
    }

    fn row_range(&self, num_rows: usize) -> Range<usize> {
        let ranges = self.parts.iter().map(|part| part.row_range(num_rows)).filter(|range| !range.is_empty());
        ranges.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0)
    }

    fn estimate(&self, num_rows: usize) -> usize {
        self.parts.iter().map(|part| part.estimate(num_rows)).fold(0, usize::saturating_add).min(num_rows)
    }

    fn positions(&self) -> Result<Option<Vec<u32>>> {
        if self.estimate(self.num_rows) as f64 > POSITIONS_PART * self.num_rows as f64 {
            return Ok(None);
        }
        let mut all = Vec::new();
        for part in &self.parts {
            match part.positions()? {
                Some(rows) => all.extend(rows),
                None => return Ok(None),
            }
        }
        all.sort_unstable();
        all.dedup();
        Ok(Some(all))
    }

    fn cost(&self) -> f64 {
        self.parts.iter().map(|part| part.cost()).sum()
    }
}
