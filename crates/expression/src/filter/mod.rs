//! Filters: which rows pass. A filter is parsed once, bound to each segment, and asked for a mask a vector.

// helpers: arrays bound_filter codes lazy leaf numeric predicate scan sieve stored strategy typed
mod and;
mod array_contains_element;
mod arrays;
mod bloom;
mod bound;
mod bound_filter;
mod codes;
mod column_comparison;
mod constant;
mod equals;
mod expression;
mod extraction;
mod in_list;
mod in_type;
mod interval;
mod is_false;
mod is_true;
mod javascript;
mod lazy;
mod leaf;
mod like;
mod not;
mod null;
mod numeric;
mod or;
mod predicate;
mod range;
mod regex;
mod scan;
mod search;
mod selector;
mod sieve;
mod spatial;
mod stored;
mod strategy;
mod typed;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use segment::{SegmentRef, TIME_COLUMN};
use serde_json::Value;
use timeline::{Interval, condense};

pub(crate) use bloom::decode as decode_bloom;
pub use bound_filter::BoundFilter;
pub(crate) use scan::{CodeScan, fill};

use crate::json::Object;
use crate::{Environment, Error, Result};

/// Deepest nesting of filters.
const MAX_DEPTH: usize = 64;
/// Most filters in one tree.
const MAX_NODES: usize = 10_000;

/// One type of filter: its name in JSON and how it is read.
pub(crate) struct FilterKind {
    pub tag: &'static str,
    pub parse: fn(Object<'_>, &mut Parsing<'_>) -> Result<Filter>,
}

// open set
static KINDS: &[FilterKind] = &[
    and::KIND,
    array_contains_element::KIND,
    bloom::KIND,
    bound::KIND,
    column_comparison::KIND,
    constant::KIND_TRUE,
    constant::KIND_FALSE,
    equals::KIND,
    expression::KIND,
    extraction::KIND,
    in_list::KIND,
    in_type::KIND,
    interval::KIND,
    is_false::KIND,
    is_true::KIND,
    javascript::KIND,
    like::KIND,
    not::KIND,
    null::KIND,
    or::KIND,
    range::KIND,
    regex::KIND,
    search::KIND,
    selector::KIND,
    spatial::KIND,
];

/// What is being read: how deep, how many, and what the world offers.
pub(crate) struct Parsing<'e> {
    pub environment: &'e Environment,
    depth: usize,
    num_nodes: usize,
}

/// What a type of filter must know.
pub(crate) trait FilterSpec: Send + Sync + Debug {
    fn required_columns(&self, out: &mut BTreeSet<String>);

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>>;

    /// Intervals outside of which no row passes; `None` when time says nothing.
    fn time_intervals(&self) -> Option<Vec<Interval>> {
        None
    }

    /// The parts of a conjunction.
    fn conjuncts(&self) -> Option<&[Filter]> {
        None
    }

    /// Intervals outside of which every row passes, likewise.
    fn time_intervals_of_not(&self) -> Option<Vec<Interval>> {
        None
    }
}

/// A parsed filter. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Filter {
    spec: Arc<dyn FilterSpec>,
}

impl Filter {
    /// Fails on an unknown type, on fields that are missing or make no sense, and past the limits of size.
    pub fn parse(json: &Value) -> Result<Filter> {
        Filter::parse_with(json, &Environment::default())
    }

    /// As `parse`, with lookups for extraction functions and expressions.
    pub fn parse_with(json: &Value, environment: &Environment) -> Result<Filter> {
        Parsing { environment, depth: 0, num_nodes: 0 }.filter(json)
    }

    pub(crate) fn new(spec: impl FilterSpec + 'static) -> Filter {
        Filter { spec: Arc::new(spec) }
    }

    /// Names of the columns read, virtual ones included.
    pub fn required_columns(&self) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        self.spec.required_columns(&mut columns);
        columns
    }

    /// Looks up values in the dictionaries of the segment and decides how each leaf is answered. The filter must
    /// be bound to the segment that is scanned: to the one with virtual columns when there are any.
    pub fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        self.spec.bind(segment)
    }

    /// Intervals outside of which no row passes, disjoint and sorted; `None` when the filter does not narrow
    /// time. Has no meaning when a virtual column takes the place of `__time`.
    pub fn time_intervals(&self) -> Option<Vec<Interval>> {
        self.spec.time_intervals().map(condense)
    }

    /// Filters all of which a row must pass to pass this one: the parts of a conjunction, or the filter itself.
    pub fn conjuncts(&self) -> Vec<Filter> {
        match self.spec.conjuncts() {
            Some(parts) => parts.iter().flat_map(Filter::conjuncts).collect(),
            None => vec![self.clone()],
        }
    }

    pub(crate) fn spec(&self) -> &dyn FilterSpec {
        &*self.spec
    }
}

impl Parsing<'_> {
    pub fn filter(&mut self, json: &Value) -> Result<Filter> {
        self.depth += 1;
        self.num_nodes += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::limit(format!("filters may be nested {MAX_DEPTH} deep")));
        }
        if self.num_nodes > MAX_NODES {
            return Err(Error::limit(format!("a filter may have {MAX_NODES} parts")));
        }
        let object = Object::new("filter", json)?;
        let tag = object.text("type")?;
        let kind = KINDS.iter().find(|kind| kind.tag == tag);
        let kind = kind.ok_or(Error::Unknown { what: "filter type", name: tag })?;
        let filter = (kind.parse)(object.named(&format!("filter '{}'", kind.tag)), self)?;
        self.depth -= 1;
        Ok(filter)
    }

    /// The filters of `fields`, nulls left out; at least one.
    pub fn fields(&mut self, object: Object<'_>) -> Result<Vec<Filter>> {
        let fields = object.array("fields")?.iter().filter(|field| !field.is_null());
        let fields = fields.map(|field| self.filter(field)).collect::<Result<Vec<_>>>()?;
        if fields.is_empty() {
            return Err(object.error("'fields' must not be empty"));
        }
        Ok(fields)
    }
}

/// Whether a name is that of the time column.
pub(crate) fn is_time(column: &str) -> bool {
    column == TIME_COLUMN
}

#[cfg(test)]
mod tests;
