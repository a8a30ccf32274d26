//! `in`: a column is one of a list of strings. A null in the list matches null.

use std::collections::HashSet;

use aggregate::Dictionary;

use super::codes::CodeSet;
use super::leaf::Leaf;
use super::predicate::{NumberType, Numbers, Predicate, equal_keys, merge};
use super::selector::number_key;
use super::{Filter, FilterKind, Parsing};
use crate::json::Object;
use crate::{Error, Result, Truth};

/// Most values of one list.
pub(super) const MAX_VALUES: usize = 1_000_000;

pub(super) const KIND: FilterKind = FilterKind { tag: "in", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    check_size(object.array("values")?.len())?;
    Leaf::parse(object, parsing, InList::new(object.texts("values")?))
}

pub(super) fn check_size(num_values: usize) -> Result<()> {
    if num_values > MAX_VALUES {
        return Err(Error::limit(format!("a filter may list {MAX_VALUES} values, this one has {num_values}")));
    }
    Ok(())
}

#[derive(Debug)]
pub(super) struct InList {
    values: HashSet<String>,
    has_null: bool,
    is_empty: bool,
}

impl InList {
    pub fn new(values: Vec<Option<String>>) -> Self {
        let (is_empty, has_null) = (values.is_empty(), values.iter().any(Option::is_none));
        Self { values: values.into_iter().flatten().collect(), has_null, is_empty }
    }

    /// Numbers of these keys. Several are told apart to the bit; one stands for all that equal it.
    pub fn ranges(&self, number_type: NumberType, keys: impl Iterator<Item = i64>) -> Numbers {
        let is_one = self.values.len() == 1 && !self.has_null;
        let range = |key| if is_one { equal_keys(number_type, key) } else { (key, key) };
        Numbers::Ranges(merge(keys.map(range).collect()))
    }
}

impl Predicate for InList {
    fn text(&self, value: Option<&str>) -> Truth {
        match value {
            None if self.has_null => Truth::True,
            None if self.is_empty => Truth::False,
            None => Truth::Unknown,
            Some(value) => Truth::from(self.values.contains(value)),
        }
    }

    /// Several values are asked of numbers alone, of which a null is none; one is asked as `selector` asks it.
    fn extracted_null_number(&self, value: Option<&str>) -> Truth {
        match self.values.len() + usize::from(self.has_null) {
            0 | 1 => self.text(value),
            _ => Truth::Unknown,
        }
    }

    fn codes(&self, dictionary: &dyn Dictionary) -> Option<CodeSet> {
        let len = dictionary.len();
        // Looking up few values beats looking at every entry.
        (self.values.len() < len / 4 + 16).then(|| {
            let codes = self.values.iter().filter_map(|value| dictionary.code_of(Some(value)));
            CodeSet::of(codes, len)
        })
    }

    fn numbers(&self, number_type: NumberType) -> Numbers {
        let keys = self.values.iter().filter_map(|value| number_key(value, number_type));
        self.ranges(number_type, keys)
    }
}
