//! `interval`: a long of milliseconds, `__time` as a rule, lies in one of some intervals.

use timeline::{Interval, condense};

use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::numbers::key;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "interval", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let texts = match object.require("intervals")? {
        serde_json::Value::String(text) => vec![text.clone()],
        _ => object.texts("intervals")?.into_iter().flatten().collect(),
    };
    let mut intervals = Vec::new();
    for text in &texts {
        intervals.extend(Interval::parse_list(text).map_err(|error| object.error(error))?);
    }
    if intervals.is_empty() {
        return Err(object.error("'intervals' must not be empty"));
    }
    Leaf::parse(object, parsing, Within { intervals: condense(intervals) })
}

#[derive(Debug)]
struct Within {
    intervals: Vec<Interval>,
}

impl Predicate for Within {
    /// Text is read as milliseconds; what is none, null too, fails.
    fn text(&self, value: Option<&str>) -> Truth {
        let at = value.and_then(dialect::read::long);
        Truth::from(at.is_some_and(|at| self.intervals.iter().any(|interval| interval.contains(at))))
    }

    fn null_number(&self, _number_type: NumberType) -> Truth {
        Truth::Unknown
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        let ranges = self.intervals.iter().map(|interval| match number_type {
            NumberType::Long => (interval.start, interval.end.saturating_sub(1)),
            NumberType::Double | NumberType::Float => (key(interval.start as f64), key(interval.end as f64) - 1),
        });
        Numbers::Ranges(ranges.filter(|(first, last)| first <= last).collect())
    }
}
