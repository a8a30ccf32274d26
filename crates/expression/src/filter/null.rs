//! `null`: a column is null. Two-valued.

use aggregate::Dictionary;

use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "null", parse };

fn parse(object: Object<'_>, _parsing: &mut Parsing<'_>) -> Result<Filter> {
    Ok(Leaf::filter(object.text("column")?, IsNull))
}

#[derive(Debug)]
struct IsNull;

impl Predicate for IsNull {
    fn text(&self, value: Option<&str>) -> Truth {
        Truth::from(value.is_none())
    }

    fn state(&self) -> Truth {
        Truth::False
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
}
