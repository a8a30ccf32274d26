//! `true` and `false`.

use std::collections::BTreeSet;

use segment::SegmentRef;
use timeline::Interval;

use super::bound_filter::{BoundFilter, Same};
use super::{Filter, FilterKind, FilterSpec};
use crate::{Result, Truth};

pub(super) const KIND_TRUE: FilterKind = FilterKind { tag: "true", parse: |_, _| Ok(Filter::new(Constant(true))) };
pub(super) const KIND_FALSE: FilterKind = FilterKind { tag: "false", parse: |_, _| Ok(Filter::new(Constant(false))) };

#[derive(Debug)]
struct Constant(bool);

impl FilterSpec for Constant {
    fn required_columns(&self, _out: &mut BTreeSet<String>) {}

    fn bind(&self, _segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        Ok(Box::new(Same(Truth::from(self.0))))
    }

    fn time_intervals(&self) -> Option<Vec<Interval>> {
        (!self.0).then(Vec::new)
    }

    fn time_intervals_of_not(&self) -> Option<Vec<Interval>> {
        self.0.then(Vec::new)
    }
}
