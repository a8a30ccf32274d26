//! `lookup`: the values through a lookup, inline or registered by `name`.

use super::{DimensionKind, DimensionSpec, Parsing, Transform, named};
use crate::extraction::{Replacement, ThroughLookup, parse_lookup};
use crate::json::Object;
use crate::{ExtractionFn, Result};

pub(super) const KIND: DimensionKind = DimensionKind { tag: "lookup", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<DimensionSpec> {
    let map = match (object.get("lookup"), object.opt_text("name")?) {
        (Some(_), None) => parse_lookup(object, parsing.environment)?,
        (None, Some(name)) => parsing.environment.lookup(&name)?,
        _ => return Err(object.error("exactly one of 'lookup' and 'name' must be given")),
    };
    let replacement = Replacement::parse(object)?;
    named(object, Transform::Extract(ExtractionFn::new(ThroughLookup { map, replacement })))
}
