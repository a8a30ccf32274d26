//! `registeredLookup`: as `lookup`, by the name of a registered one.

use super::lookup::ThroughLookup;
use super::{ExtractionFn, ExtractionKind};
use crate::json::Object;
use crate::{Environment, Result};

pub(super) const KIND: ExtractionKind = ExtractionKind { tag: "registeredLookup", parse };

fn parse(object: Object<'_>, environment: &Environment) -> Result<ExtractionFn> {
    ThroughLookup::parse(object, environment.lookup(&object.text("lookup")?)?)
}
