//! `lookup`: a value through a map. Null gives what a missing value gives, whatever the map says of it.

use std::sync::Arc;

use super::{Extraction, ExtractionFn, ExtractionKind};
use crate::json::{Object, scalar_text};
use crate::{Environment, Error, Lookup, LookupRef, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "lookup", parse };

fn parse(object: Object<'_>, environment: &Environment) -> Result<ExtractionFn> {
    ThroughLookup::parse(object, parse_lookup(object, environment)?)
}

/// Reads `lookup`: an inline map, or the name of a registered lookup.
pub(crate) fn parse_lookup(object: Object<'_>, environment: &Environment) -> Result<LookupRef> {
    let json = object.require("lookup")?;
    if let Some(name) = json.as_str() {
        return environment.lookup(name);
    }
    let inner = Object::new("lookup", json)?;
    match inner.text("type")?.as_str() {
        "map" => inline(inner),
        tag => Err(Error::Unknown { what: "lookup type", name: tag.to_string() }),
    }
}

fn inline(object: Object<'_>) -> Result<LookupRef> {
    let Some(entries) = object.require("map")?.as_object() else { return Err(object.wrong("map", "an object")) };
    let entries = entries.iter().map(|(key, value)| (key.clone(), scalar_text(value)));
    Ok(Arc::new(Lookup::new(entries, object.boolean("isOneToOne", false)?)?))
}

/// What stands for a value that the map does not hold.
#[derive(Clone, Debug)]
pub(crate) enum Replacement {
    Value,
    Text(Option<String>),
}

impl Replacement {
    /// Reads `retainMissingValue` and `replaceMissingValueWith`, of which only one may be given.
    pub fn parse(object: Object<'_>) -> Result<Replacement> {
        let with = object.opt_text("replaceMissingValueWith")?;
        match (object.boolean("retainMissingValue", false)?, with) {
            (true, Some(_)) => {
                Err(object.error("'retainMissingValue' and 'replaceMissingValueWith' exclude each other"))
            }
            (true, None) => Ok(Replacement::Value),
            (false, with) => Ok(Replacement::Text(with)),
        }
    }
}

#[derive(Debug)]
pub(crate) struct ThroughLookup {
    pub map: LookupRef,
    pub replacement: Replacement,
    pub is_injective: bool,
}

impl ThroughLookup {
    /// `injective` of the function decides; without it the lookup does.
    pub fn parse(object: Object<'_>, map: LookupRef) -> Result<ExtractionFn> {
        let is_injective = object.boolean("injective", map.is_injective())?;
        Ok(ExtractionFn::new(ThroughLookup { map, replacement: Replacement::parse(object)?, is_injective }))
    }
}

impl Extraction for ThroughLookup {
    fn is_injective(&self) -> bool {
        self.is_injective
    }

    fn text(&self, value: Option<&str>) -> Option<String> {
        let found = value.and_then(|value| self.map.get(value)).map(String::from);
        found.or_else(|| match &self.replacement {
            Replacement::Value => value.map(String::from),
            Replacement::Text(text) => text.clone(),
        })
    }
}
