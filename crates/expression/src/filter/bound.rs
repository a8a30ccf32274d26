//! `bound`: a column lies between two strings in some order. A null string passes when there is no lower bound.
//! With one it fails, but in lexicographic order nothing can be said of it, unless an extraction function made it or
//! there is no such column; nor can of nulls among numbers.

use std::cmp::Ordering;

use aggregate::Dictionary;
use dialect::{StringOrder, order, read};

use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::numbers::key;
use crate::{Error, Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "bound", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let (lower, upper) = (object.opt_text("lower")?, object.opt_text("upper")?);
    if lower.is_none() && upper.is_none() {
        return Err(object.error("'lower' or 'upper' must be given"));
    }
    let order = match object.get("ordering") {
        Some(json) => ordering(json).map_err(|error| object.error(error))?,
        None if object.boolean("alphaNumeric", false)? => StringOrder::Alphanumeric,
        None => StringOrder::Lexicographic,
    };
    let lower = lower.map(|value| -> Result<_> { Ok((value, object.boolean("lowerStrict", false)?)) }).transpose()?;
    let upper = upper.map(|value| -> Result<_> { Ok((value, object.boolean("upperStrict", false)?)) }).transpose()?;
    Leaf::parse(object, parsing, Bound { lower, upper, order })
}

fn ordering(json: &serde_json::Value) -> Result<StringOrder> {
    let name = json.get("type").unwrap_or(json);
    let name = name.as_str().ok_or_else(|| Error::invalid("'ordering' must be a name"))?;
    name.parse().map_err(|error: dialect::Error| Error::invalid(error.to_string()))
}

/// Bounds with whether they are strict.
#[derive(Debug)]
struct Bound {
    lower: Option<(String, bool)>,
    upper: Option<(String, bool)>,
    order: StringOrder,
}

fn past(order: Ordering, strict: bool) -> bool {
    if strict { order.is_gt() } else { order.is_ge() }
}

impl Predicate for Bound {
    fn text(&self, value: Option<&str>) -> Truth {
        let Some(value) = value else {
            return match self.order {
                _ if self.lower.is_none() => Truth::True,
                StringOrder::Lexicographic => Truth::Unknown,
                _ => Truth::False,
            };
        };
        let above = self.lower.as_ref().is_none_or(|(lower, strict)| past(self.order.compare(value, lower), *strict));
        let below = self.upper.as_ref().is_none_or(|(upper, strict)| past(self.order.compare(upper, value), *strict));
        Truth::from(above && below)
    }

    fn extracted(&self, value: Option<&str>) -> Truth {
        if value.is_some() { self.text(value) } else { self.missing() }
    }

    fn extracted_null_number(&self, _value: Option<&str>) -> Truth {
        Truth::Unknown
    }

    fn missing(&self) -> Truth {
        Truth::from(self.lower.is_none())
    }

    fn null_number(&self, _number_type: NumberType) -> Truth {
        Truth::Unknown
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        let lower = self.lower.as_ref().map(|(value, strict)| (value.as_str(), *strict));
        let upper = self.upper.as_ref().map(|(value, strict)| (value.as_str(), *strict));
        (self.order == StringOrder::Lexicographic).then(|| sorted_range(dictionary, lower, upper)).flatten()
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        if self.order != StringOrder::Numeric {
            return Numbers::Text;
        }
        let bound = |text: &str| match number_type {
            NumberType::Long => long_bound(text),
            NumberType::Double => read::double(text).map(|value| (key(value), true)),
            NumberType::Float => read::float(text).map(|value| (key(f64::from(value)), true)),
        };
        Numbers::Ranges(range(&self.lower, &self.upper, bound).into_iter().collect())
    }
}

/// The codes of a sorted dictionary between two strings. `None` when it is not sorted.
pub(super) fn sorted_range(
    dictionary: &dyn Dictionary,
    lower: Option<(&str, bool)>,
    upper: Option<(&str, bool)>,
) -> Option<CodeSet> {
    if !dictionary.is_sorted() {
        return None;
    }
    let len = u32::try_from(dictionary.len()).ok()?;
    let first = u32::from(dictionary.code_of(None).is_some());
    let point = |value: &str, beyond: bool| {
        let (mut low, mut high) = (first, len);
        while low < high {
            let middle = low + (high - low) / 2;
            let order = dictionary.get(middle).map_or(Ordering::Less, |entry| order::compare(entry, value));
            if order.is_lt() || (beyond && order.is_eq()) { low = middle + 1 } else { high = middle }
        }
        low
    };
    let start = lower.map_or(first, |(value, strict)| point(value, strict));
    let end = upper.map_or(len, |(value, strict)| point(value, !strict));
    Some(CodeSet::range(start..end, len as usize))
}

/// The nearest long at or above a decimal, and whether it is the decimal itself.
fn long_bound(text: &str) -> Option<(i64, bool)> {
    match read::long(text) {
        Some(value) => Some((value, true)),
        None => read::double(text).filter(|value| !value.is_nan()).map(|value| (value.ceil() as i64, false)),
    }
}

/// A range of keys; `None` when nothing lies in it or a bound cannot be read. `bound` gives a key and whether it
/// is exact; one that is not lies just above the bound.
pub(super) fn range(
    lower: &Option<(String, bool)>,
    upper: &Option<(String, bool)>,
    bound: impl Fn(&str) -> Option<(i64, bool)>,
) -> Option<(i64, i64)> {
    let first = match lower {
        None => i64::MIN,
        Some((text, strict)) => {
            let (key, exact) = bound(text)?;
            if *strict && exact { key.checked_add(1)? } else { key }
        }
    };
    let last = match upper {
        None => i64::MAX,
        Some((text, strict)) => {
            let (key, exact) = bound(text)?;
            if *strict || !exact { key.checked_sub(1)? } else { key }
        }
    };
    (first <= last).then_some((first, last))
}
