//! What a leaf asks of one value.

use std::fmt::Debug;

use aggregate::{Dictionary, Shape};
use dialect::value::Value;

use super::codes::CodeSet;
use crate::Truth;
use crate::numbers::key;

/// The type of a column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberType {
    Long,
    Double,
    Float,
}

/// What a predicate means for numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// True inside these ranges, first and last key, false outside. Keys of doubles and floats are those of
    /// `numbers::key`, of longs the longs.
    Ranges(Vec<(i64, i64)>),
    /// Look at the printed number.
    Text,
}

/// A test of single values. Never asked per row of a string column: once per dictionary entry.
pub(crate) trait Predicate: Send + Sync + Debug {
    /// Of a text or null.
    fn text(&self, value: Option<&str>) -> Truth;

    /// Of what an extraction function made of a value.
    fn extracted(&self, value: Option<&str>) -> Truth {
        self.text(value)
    }

    /// Of what an extraction function made of the null of a column of numbers.
    fn extracted_null_number(&self, value: Option<&str>) -> Truth {
        self.extracted(value)
    }

    /// Of a column that the segment lacks.
    fn missing(&self) -> Truth {
        self.text(None)
    }

    /// Of a state of an aggregator, which has no value to compare.
    fn state(&self) -> Truth {
        self.text(None)
    }

    /// Of an object, or an array of more than scalars.
    fn nested(&self, _value: &Value<'_>) -> Truth {
        self.state()
    }

    /// Of the null of a column of numbers.
    fn null_number(&self, _number_type: NumberType) -> Truth {
        self.text(None)
    }

    /// A quicker way to the codes for which `text` is true. The null entry is asked apart and may be in or not.
    /// Only for predicates that are unknown of nothing but null.
    fn codes(&self, _dictionary: &dyn Dictionary) -> Option<CodeSet> {
        None
    }

    fn numbers(&self, number_type: NumberType) -> Numbers;

    /// Of a number itself, given by its bits, where its printed form will not do.
    fn number(&self, _number_type: NumberType, _bits: i64) -> Option<Truth> {
        None
    }

    /// Whether it can be asked of columns of arrays.
    fn reads_arrays(&self) -> bool {
        false
    }

    /// Of a value, not null, of a column whose values are arrays of the shape as a whole.
    fn array(&self, _value: &Value<'_>, _shape: Shape) -> Truth {
        Truth::False
    }
}

/// The keys of numbers that equal the one of a key: both zeros are equal, though one comes before the other.
pub(crate) fn equal_keys(number_type: NumberType, of: i64) -> (i64, i64) {
    let zeros = (key(-0.0), key(0.0));
    let is_zero = number_type != NumberType::Long && (zeros.0..=zeros.1).contains(&of);
    if is_zero { zeros } else { (of, of) }
}

/// Sorts ranges and merges those that overlap or touch.
pub(crate) fn merge(mut ranges: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    ranges.retain(|(first, last)| first <= last);
    ranges.sort_unstable();
    let mut merged: Vec<(i64, i64)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
            _ => merged.push((first, last)),
        }
    }
    merged
}
