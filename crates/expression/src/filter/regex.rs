//! `regex`: a pattern is found somewhere in the value.

use ::regex::Regex;

use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth, java_regex};

pub(super) const KIND: FilterKind = FilterKind { tag: "regex", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let regex = java_regex::find(&object.text("pattern")?)?;
    Leaf::parse(object, parsing, Find { regex })
}

#[derive(Debug)]
struct Find {
    regex: Regex,
}

impl Predicate for Find {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |value| Truth::from(self.regex.is_match(value)))
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Text
    }
}
