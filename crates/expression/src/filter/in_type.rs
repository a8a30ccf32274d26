//! `inType`: a column equals one of some typed values. A null in the list matches null.

use aggregate::{Dictionary, Shape};
use dialect::value::Value;
use serde_json::Value as Json;

use super::arrays;
use super::codes::CodeSet;
use super::in_list::{InList, check_size};
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::typed::{Literal, MatchType};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "inType", parse };

fn parse(object: Object<'_>, _parsing: &mut Parsing<'_>) -> Result<Filter> {
    let column = object.text("column")?;
    let arrays_of = arrays::type_of(object, "matchValueType")?;
    let match_type = if arrays_of.is_some() { MatchType::String } else { MatchType::parse(object, "matchValueType")? };
    let field = match (object.get("values"), object.get("sortedValues")) {
        (Some(_), None) => "values",
        (None, Some(_)) => "sortedValues",
        _ => return Err(object.error("exactly one of 'values' and 'sortedValues' must be given")),
    };
    let values = object.array(field)?;
    check_size(values.len())?;
    if let Some(shape) = arrays_of {
        let array = |json: &Json| match json {
            Json::Null => Some(Value::Null),
            json => arrays::literal(json, shape),
        };
        let values = values.iter().map(|json| {
            array(json).ok_or_else(|| object.error(format!("'{field}' holds {json}, which is no array of its type")))
        });
        return Ok(Leaf::filter(column, InArrays { values: values.collect::<Result<_>>()? }));
    }
    let mut literals = Vec::with_capacity(values.len());
    for value in values {
        // What is no value of the type is null.
        literals.push(match_type.literal(value));
    }
    let list = InList::new(literals.iter().map(|literal| literal.as_ref().map(Literal::text)).collect());
    Ok(Leaf::filter(column, InType { list, literals: literals.into_iter().flatten().collect() }))
}

#[derive(Debug)]
struct InType {
    list: InList,
    literals: Vec<Literal>,
}

impl Predicate for InType {
    fn text(&self, value: Option<&str>) -> Truth {
        self.list.text(value)
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        self.list.codes(dictionary)
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        let keys = self.literals.iter().filter_map(|literal| literal.cast_key(number_type));
        self.list.ranges(number_type, keys)
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        Truth::from(self.literals.iter().any(|literal| arrays::same(value, &literal.value())))
    }
}

/// Equals one of some arrays; a null among them matches null.
#[derive(Debug)]
struct InArrays {
    values: Vec<Value<'static>>,
}

impl Predicate for InArrays {
    fn text(&self, value: Option<&str>) -> Truth {
        match value {
            None if self.values.contains(&Value::Null) => Truth::True,
            None if !self.values.is_empty() => Truth::Unknown,
            _ => Truth::False,
        }
    }

    fn numbers(&self, _number_type: NumberType) -> Numbers {
        Numbers::Ranges(Vec::new())
    }

    fn reads_arrays(&self) -> bool {
        true
    }

    fn array(&self, value: &Value<'_>, _shape: Shape) -> Truth {
        Truth::from(self.values.iter().any(|known| arrays::same(value, known)))
    }
}
