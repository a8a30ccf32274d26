//! `not`: what is unknown stays unknown.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::SegmentRef;
use timeline::Interval;

use super::bound_filter::BoundFilter;
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::json::Object;
use crate::{Result, Truth, words};

pub(super) const KIND: FilterKind = FilterKind { tag: "not", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    Ok(Filter::negated(parsing.filter(object.require("field")?)?))
}

impl Filter {
    /// The rows that a filter certainly does not let pass.
    pub fn negated(field: Filter) -> Filter {
        Filter::new(Not { field })
    }
}

#[derive(Debug)]
struct Not {
    field: Filter,
}

impl FilterSpec for Not {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        self.field.spec().required_columns(out);
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        Ok(Box::new(BoundNot { part: self.field.bind(segment)? }))
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        self.field.spec().time_intervals_of_not()
    }

    fn time_intervals_of_not(&self) -> Option<Vec<Interval>> {
        self.field.spec().time_intervals()
    }
}

struct BoundNot {
    part: Box<dyn BoundFilter>,
}

impl BoundFilter for BoundNot {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        let num_rows = rows.len();
        self.part.mask(rows, !unknown, out)?;
        words::invert(out, num_rows);
        Ok(())
    }

    fn constant(&self) -> Option<Truth> {
        self.part.constant().map(|truth| match truth {
            Truth::True => Truth::False,
            Truth::False => Truth::True,
            Truth::Unknown => Truth::Unknown,
        })
    }

    fn cost(&self) -> f64 {
        self.part.cost() + 0.1
    }
}
