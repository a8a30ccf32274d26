//! `arrayContainsElement`: an array holds a typed value. A scalar is an array of one, a multi-value row one of
//! its values.

use aggregate::Dictionary;

use super::codes::CodeSet;
use super::equals::Equals;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::typed::MatchType;
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "arrayContainsElement", parse };

fn parse(object: Object<'_>, _parsing: &mut Parsing<'_>) -> Result<Filter> {
    let column = object.text("column")?;
    let match_type = MatchType::parse(object, "elementMatchValueType")?;
    let Some(value) = object.get("elementMatchValue") else { return Ok(Leaf::filter(column, HoldsNull)) };
    let wrong = || object.error(format!("'elementMatchValue' {value} is no value of its type"));
    Ok(Leaf::filter(column, Equals::new(match_type.literal(value).ok_or_else(wrong)?)))
}

/// A null among the values: a value that is null has no array that could hold it.
#[derive(Debug)]
struct HoldsNull;

impl Predicate for HoldsNull {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |_| Truth::False)
    }

    fn codes(&self, _dictionary: &dyn Dictionary) -> Option<CodeSet> {
        Some(CodeSet::None)
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Ranges(Vec::new())
    }
}
