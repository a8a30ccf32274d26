//! `istrue`: whether a filter is certainly true. Two-valued.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::SegmentRef;
use timeline::Interval;

use super::bound_filter::BoundFilter;
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::json::Object;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "istrue", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    Ok(Filter::new(IsTrue { field: parsing.filter(object.require("field")?)? }))
}

#[derive(Debug)]
struct IsTrue {
    field: Filter,
}

impl FilterSpec for IsTrue {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        self.field.spec().required_columns(out);
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        Ok(Box::new(BoundTrue { part: self.field.bind(segment)? }))
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        self.field.spec().time_intervals()
    }
}

struct BoundTrue {
    part: Box<dyn BoundFilter>,
}

impl BoundFilter for BoundTrue {
    fn mask(&self, rows: Range<usize>, _unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        self.part.mask(rows, false, out)
    }

    fn positions(&self) -> Result<Option<Vec<u32>>> {
        self.part.positions()
    }

    fn estimate(&self, num_rows: usize) -> usize {
        self.part.estimate(num_rows)
    }

    fn row_range(&self, num_rows: usize) -> Range<usize> {
        self.part.row_range(num_rows)
    }

    fn constant(&self) -> Option<Truth> {
        self.part.constant().map(|truth| Truth::from(truth == Truth::True))
    }

    fn cost(&self) -> f64 {
        self.part.cost()
    }
}
