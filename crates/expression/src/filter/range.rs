//! `range`: a column lies between two typed values. Of null nothing can be said.

use aggregate::{Dictionary, Shape};
use dialect::value::Value;
use dialect::{StringOrder, order};

use super::arrays;
use super::bound::sorted_range;
use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::typed::{Literal, MatchType};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::numbers::key;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "range", parse };

fn parse(object: Object<'_>, _parsing: &mut Parsing<'_>) -> Result<Filter> {
    let column = object.text("column")?;
    if let Some(shape) = arrays::type_of(object, "matchValueType")? {
        return parse_arrays(object, column, shape);
    }
    let match_type = MatchType::parse(object, "matchValueType")?;
    let bound = |field: &str, open: &str| -> Result<Option<(Literal, bool)>> {
        let Some(value) = object.get(field) else { return Ok(None) };
        let wrong = || object.error(format!("'{field}' {value} is no value of its type"));
        let literal = match_type.literal(value).ok_or_else(wrong)?;
        Ok(Some((literal, object.boolean(open, false)?)))
    };
    let (lower, upper) = (bound("lower", "lowerOpen")?, bound("upper", "upperOpen")?);
    if lower.is_none() && upper.is_none() {
        return Err(object.error("'lower' or 'upper' must be given"));
    }
    Ok(Leaf::filter(column, Between { match_type, lower, upper }))
}

fn parse_arrays(object: Object<'_>, column: String, shape: Shape) -> Result<Filter> {
    let bound = |field: &str, open: &str| -> Result<Option<(Value<'static>, bool)>> {
        let Some(value) = object.get(field) else { return Ok(None) };
        let wrong = || object.error(format!("'{field}' {value} is no value of its type"));
        Ok(Some((arrays::literal(value, shape).ok_or_else(wrong)?, object.boolean(open, false)?)))
    };
    let (lower, upper) = (bound("lower", "lowerOpen")?, bound("upper", "upperOpen")?);
    if lower.is_none() && upper.is_none() {
        return Err(object.error("'lower' or 'upper' must be given"));
    }
    Ok(Leaf::filter(column, BetweenArrays { lower, upper }))
}

/// Whether a value lies between bounds, each with whether it is open.
fn is_between(value: &Value<'_>, lower: Option<(&Value<'_>, bool)>, upper: Option<(&Value<'_>, bool)>) -> bool {
    let above = lower.is_none_or(|(lower, open)| {
        let order = arrays::compare(value, lower);
        if open { order.is_gt() } else { order.is_ge() }
    });
    let below = upper.is_none_or(|(upper, open)| {
        let order = arrays::compare(value, upper);
        if open { order.is_lt() } else { order.is_le() }
    });
    above && below
}

/// Bounds that are arrays, with whether they are open. A scalar is an array of one.
#[derive(Debug)]
struct BetweenArrays {
    lower: Option<(Value<'static>, bool)>,
    upper: Option<(Value<'static>, bool)>,
}

impl Predicate for BetweenArrays {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |text| self.array(&Value::Text(text.into()), Shape::StringArray))
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Text
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        let lower = self.lower.as_ref().map(|(value, open)| (value, *open));
        let upper = self.upper.as_ref().map(|(value, open)| (value, *open));
        Truth::from(is_between(value, lower, upper))
    }
}

/// Bounds with whether they are open.
#[derive(Debug)]
struct Between {
    match_type: MatchType,
    lower: Option<(Literal, bool)>,
    upper: Option<(Literal, bool)>,
}

impl Between {
    fn inside<T>(&self, value: &T, compare: impl Fn(&T, &Literal) -> std::cmp::Ordering) -> bool {
        let above = self.lower.as_ref().is_none_or(|(lower, open)| {
            let order = compare(value, lower);
            if *open { order.is_gt() } else { order.is_ge() }
        });
        let below = self.upper.as_ref().is_none_or(|(upper, open)| {
            let order = compare(value, upper);
            if *open { order.is_lt() } else { order.is_le() }
        });
        above && below
    }

    /// First and last key; `None` when a bound is no number.
    fn keys(&self, number_type: NumberType) -> Option<(i64, i64)> {
        let first = match &self.lower {
            None => i64::MIN,
            Some((literal, open)) => {
                let (key, exact) = bound(literal, number_type)?;
                if *open && exact { key.checked_add(1)? } else { key }
            }
        };
        let last = match &self.upper {
            None => i64::MAX,
            Some((literal, open)) => {
                let (key, exact) = bound(literal, number_type)?;
                if *open || !exact { key.checked_sub(1)? } else { key }
            }
        };
        Some((first, last))
    }
}

/// The smallest key at or above a literal, and whether it is the literal itself.
fn bound(literal: &Literal, number_type: NumberType) -> Option<(i64, bool)> {
    match (number_type, literal) {
        (NumberType::Long, Literal::Long(value)) => Some((*value, true)),
        (NumberType::Long, literal) => {
            let value = literal.double()?;
            let above = value.ceil();
            Some((above as i64, above == value))
        }
        (NumberType::Double, literal) => Some((key(literal.double()?), true)),
        (NumberType::Float, literal) => Some((key(f64::from(literal.double()? as f32)), true)),
    }
}

impl Predicate for Between {
    fn text(&self, value: Option<&str>) -> Truth {
        let Some(value) = value else { return Truth::Unknown };
        if self.match_type == MatchType::String {
            return Truth::from(self.inside(&value, |value, literal| order::compare(value, &literal.text())));
        }
        // Texts that are no numbers come before all numbers.
        let compare = |value: &&str, literal: &Literal| StringOrder::Numeric.compare(value, &literal.text());
        Truth::from(self.inside(&value, compare))
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        let lower = self.lower.as_ref().map(|(literal, open)| (literal.value(), *open));
        let upper = self.upper.as_ref().map(|(literal, open)| (literal.value(), *open));
        let lower = lower.as_ref().map(|(value, open)| (value, *open));
        let upper = upper.as_ref().map(|(value, open)| (value, *open));
        Truth::from(is_between(value, lower, upper))
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        let text = |bound: &Option<(Literal, bool)>| bound.as_ref().map(|(literal, open)| (literal.text(), *open));
        let (lower, upper) = (text(&self.lower), text(&self.upper));
        let lower = lower.as_ref().map(|(text, open)| (text.as_str(), *open));
        let upper = upper.as_ref().map(|(text, open)| (text.as_str(), *open));
        (self.match_type == MatchType::String).then(|| sorted_range(dictionary, lower, upper)).flatten()
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        if self.match_type == MatchType::String {
            return Numbers::Text;
        }
        Numbers::Ranges(self.keys(number_type).filter(|(first, last)| first <= last).into_iter().collect())
    }
}
