//! `equals`: a column equals a typed value.

use aggregate::{Dictionary, Shape};
use dialect::value::Value;

use super::arrays;
use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate, equal_keys};
use super::typed::{Literal, MatchType};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "equals", parse };

fn parse(object: Object<'_>, _parsing: &mut Parsing<'_>) -> Result<Filter> {
    let column = object.text("column")?;
    let type_name = object.text("matchValueType")?;
    if let Some(shape) = arrays::type_of(object, "matchValueType")? {
        object.array("matchValue")?;
        let array = arrays::literal(object.require("matchValue")?, shape);
        let wrong = || object.error(format!("'matchValue' is no {type_name}"));
        return Ok(Leaf::filter(column, EqualsArray(array.ok_or_else(wrong)?)));
    }
    let match_type = MatchType::parse(object, "matchValueType")?;
    let value = object.require("matchValue")?;
    let literal = match_type
        .literal(value)
        .ok_or_else(|| object.error(format!("'matchValue' {value} is no value of its type")))?;
    Ok(Leaf::filter(column, Equals::new(literal)))
}

#[derive(Debug)]
pub(super) struct Equals {
    literal: Literal,
    text: String,
}

impl Equals {
    pub fn new(literal: Literal) -> Self {
        Self { text: literal.text(), literal }
    }
}

impl Predicate for Equals {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |value| Truth::from(value == self.text))
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        Some(match dictionary.code_of(Some(&self.text)) {
            Some(code) => CodeSet::of([code], dictionary.len()),
            None => CodeSet::None,
        })
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        Numbers::Ranges(self.literal.key(number_type).map(|key| equal_keys(number_type, key)).into_iter().collect())
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        Truth::from(arrays::same(value, &self.literal.value()))
    }
}

/// Equals an array: no scalar and no row of values does.
#[derive(Debug)]
struct EqualsArray(Value<'static>);

impl Predicate for EqualsArray {
    fn text(&self, value: Option<&str>) -> Truth {
        value.map_or(Truth::Unknown, |_| Truth::False)
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Ranges(Vec::new())
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        Truth::from(arrays::same(value, &self.0))
    }
}
