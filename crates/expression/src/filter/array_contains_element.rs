//! `arrayContainsElement`: an array holds a typed value. A scalar is an array of one, a multi-value row one of
//! its values.

use aggregate::{Dictionary, Shape};
use dialect::value::{self, Value};
use serde_json::Value as Json;

use super::arrays;
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
    if let Some(shape) = arrays::type_of(object, "elementMatchValueType")? {
        object.array("elementMatchValue")?;
        let array = arrays::literal(object.require("elementMatchValue")?, shape);
        let array = array.ok_or_else(|| object.error("'elementMatchValue' is no value of its type"))?;
        return Ok(Leaf::filter(column, Holds { element: array, scalar: None }));
    }
    let match_type = MatchType::parse(object, "elementMatchValueType")?;
    let Some(value) = object.get("elementMatchValue") else { return Ok(Leaf::filter(column, HoldsNull)) };
    let wrong = || object.error(format!("'elementMatchValue' {value} is no value of its type"));
    let literal = match_type.literal(value).ok_or_else(wrong)?;
    Ok(Leaf::filter(column, Holds { element: literal.value().into_owned(), scalar: Some(Equals::new(literal)) }))
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

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        Truth::from(matches!(value, Value::Array(items) if items.contains(&Value::Null)))
    }
}

/// An element among the values.
#[derive(Debug)]
struct Holds {
    element: Value<'static>,
    /// What a scalar, as an array of one, is asked; `None` where the element is an array.
    scalar: Option<Equals>,
}

impl Predicate for Holds {
    fn text(&self, value: Option<&str>) -> Truth {
        match (&self.scalar, value) {
            (_, None) => Truth::Unknown,
            (Some(scalar), value) => scalar.text(value),
            (None, Some(value)) => {
                let value = Value::Text(value.into());
                Truth::from(
                    matches!(&self.element, Value::Array(items) if items.len() == 1 && arrays::same(&items[0], &value)),
                )
            }
        }
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        self.scalar.as_ref()?.codes(dictionary)
    }

    /// An array of arrays holds an array.
    fn nested(&self, value: &Value<'_>) -> Truth {
        match value::to_json(value) {
            Json::Array(items) if self.scalar.is_none() => {
                Truth::from(items.iter().any(|item| arrays::same(&value::of_json(item), &self.element)))
            }
            _ => self.state(),
        }
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        self.scalar.as_ref().map_or(Numbers::Text, |scalar| scalar.numbers(number_type))
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        match value {
            Value::Array(items) => Truth::from(items.iter().any(|item| arrays::same(item, &self.element))),
            scalar => Truth::from(arrays::same(scalar, &self.element)),
        }
    }
}
