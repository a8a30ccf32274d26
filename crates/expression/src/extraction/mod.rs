//! Extraction functions: a value of a dimension becomes another.

mod bucket;
mod cascade;
mod identity;
mod javascript;
mod lookup;
mod lower;
mod partial;
mod regex;
mod registered_lookup;
mod search_query;
mod string_format;
mod strlen;
mod substring;
mod time;
mod time_format;
mod upper;

use std::fmt::Debug;
use std::sync::Arc;

use serde_json::Value;

pub(crate) use lookup::{ThroughLookup, parse_lookup};

use crate::json::Object;
use crate::{Environment, Error, Result};

/// One type of extraction function: its name in JSON and how it is read.
pub(crate) struct ExtractionKind {
    pub tag: &'static str,
    pub parse: fn(Object<'_>, &Environment) -> Result<ExtractionFn>,
}

// open set
static KINDS: &[ExtractionKind] = &[
    bucket::KIND,
    cascade::KIND,
    identity::KIND,
    javascript::KIND,
    lookup::KIND,
    lower::KIND,
    partial::KIND,
    regex::KIND,
    registered_lookup::KIND,
    search_query::KIND,
    string_format::KIND,
    strlen::KIND,
    substring::KIND,
    time::KIND,
    time_format::KIND,
    upper::KIND,
];

/// What a type of extraction function must do.
pub(crate) trait Extraction: Send + Sync + Debug {
    /// Of a text or null.
    fn text(&self, value: Option<&str>) -> Option<String>;

    /// Fails where the text has no meaning for the function. Asked of every value of a column before the function is
    /// used on it.
    fn check(&self, _value: &str) -> Result<()> {
        Ok(())
    }

    /// Whether different values are said to give different results.
    fn is_injective(&self) -> bool {
        false
    }

    /// Of a long: as a rule of its digits, in date formats of the instant in milliseconds.
    fn long(&self, value: i64) -> Option<String> {
        self.text(Some(&value.to_string()))
    }

    /// Of an instant: milliseconds since the epoch are cut into steps so long, and the result is the same all through
    /// a step, in zones that lie whole quarters of an hour apart.
    fn step_ms(&self) -> Option<i64> {
        None
    }
}

/// A parsed extraction function. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ExtractionFn {
    inner: Arc<dyn Extraction>,
}

impl ExtractionFn {
    /// Fails on an unknown type and on fields that are missing or make no sense.
    pub fn parse(json: &Value) -> Result<ExtractionFn> {
        ExtractionFn::parse_with(json, &Environment::default())
    }

    /// As `parse`, with registered lookups.
    pub fn parse_with(json: &Value, environment: &Environment) -> Result<ExtractionFn> {
        let object = Object::new("extractionFn", json)?;
        let tag = object.text("type")?;
        let kind = KINDS.iter().find(|kind| kind.tag == tag);
        let kind = kind.ok_or(Error::Unknown { what: "extraction function type", name: tag })?;
        (kind.parse)(object.named(&format!("extractionFn '{}'", kind.tag)), environment)
    }

    pub(crate) fn new(inner: impl Extraction + 'static) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// Of a text or null.
    pub fn apply(&self, value: Option<&str>) -> Option<String> {
        self.inner.text(value)
    }

    /// Fails where a text of the column has no meaning for the function.
    pub(crate) fn check_all(&self, dictionary: &dyn aggregate::Dictionary) -> Result<()> {
        (0u32..).take(dictionary.len()).try_for_each(|code| dictionary.get(code).map_or(Ok(()), |v| self.check(v)))
    }

    pub(crate) fn check(&self, value: &str) -> Result<()> {
        self.inner.check(value)
    }

    /// Whether different values are said to give different results: then rows may be grouped by the values, and
    /// the function be applied to the groups.
    pub fn is_injective(&self) -> bool {
        self.inner.is_injective()
    }

    /// Of a long, `__time` too.
    pub fn apply_long(&self, value: i64) -> Option<String> {
        self.inner.long(value)
    }

    /// Steps of time all through which the result is the same.
    pub(crate) fn step_ms(&self) -> Option<i64> {
        self.inner.step_ms()
    }
}

#[cfg(test)]
mod tests;
