//! `isfalse`: whether a filter is certainly false. Two-valued.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::SegmentRef;
use timeline::Interval;

use super::bound_filter::BoundFilter;
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::json::Object;
use crate::{Result, Truth, words};

pub(super) const KIND: FilterKind = FilterKind { tag: "isfalse", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    Ok(Filter::new(IsFalse { field: parsing.filter(object.require("field")?)? }))
}

#[derive(Debug)]
struct IsFalse {
    field: Filter,
}

impl FilterSpec for IsFalse {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        self.field.spec().required_columns(out);
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        Ok(Box::new(BoundFalse { part: self.field.bind(segment)? }))
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        self.field.spec().time_intervals_of_not()
    }
}

struct BoundFalse {
    part: Box<dyn BoundFilter>,
}

impl BoundFilter for BoundFalse {
    fn mask(&self, rows: Range<usize>, _unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        let num_rows = rows.len();
        self.part.mask(rows, true, out)?;
        words::invert(out, num_rows);
        Ok(())
    }

    fn constant(&self) -> Option<Truth> {
        self.part.constant().map(|truth| Truth::from(truth == Truth::False))
    }

    fn cost(&self) -> f64 {
        self.part.cost()
    }
}
