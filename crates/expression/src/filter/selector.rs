//! `selector`: a column equals a string, or is null.

use aggregate::Dictionary;
use dialect::read;

use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate, equal_keys};
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::numbers::key;
use crate::{Result, Truth};

pub(super) const KIND: FilterKind = FilterKind { tag: "selector", parse };

pub(super) fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let value = object.opt_text("value")?;
    Leaf::parse(object, parsing, Selector { value })
}

#[derive(Debug)]
pub(super) struct Selector {
    pub value: Option<String>,
}

impl Selector {
    fn number(&self, number_type: NumberType) -> Option<(i64, i64)> {
        let text = self.value.as_deref()?;
        number_key(text, number_type).map(|key| equal_keys(number_type, key))
    }
}

/// The key of a text that is a number.
pub(super) fn number_key(text: &str, number_type: NumberType) -> Option<i64> {
    match number_type {
        NumberType::Long => read::long(text),
        NumberType::Double => read::double(text).map(key),
        NumberType::Float => read::float(text).map(|value| key(f64::from(value))),
    }
}

impl Predicate for Selector {
    fn text(&self, value: Option<&str>) -> Truth {
        match (value, &self.value) {
            (None, None) => Truth::True,
            (None, Some(_)) => Truth::Unknown,
            (Some(value), wanted) => Truth::from(wanted.as_deref() == Some(value)),
        }
    }

    /// What is no number is taken for null, as Druid does.
    fn null_number(&self, number_type: NumberType) -> Truth {
        if self.number(number_type).is_some() { Truth::Unknown } else { Truth::True }
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        Some(match self.value.as_deref().and_then(|value| dictionary.code_of(Some(value))) {
            Some(code) => CodeSet::of([code], dictionary.len()),
            None => CodeSet::None,
        })
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        Numbers::Ranges(self.number(number_type).into_iter().collect())
    }
}
