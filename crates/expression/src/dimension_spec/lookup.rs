//! `lookup`: the values through a lookup, inline or registered by `name`.

use super::{DimensionKind, DimensionSpec, Parsing, Transform, named};
use crate::Result;
use crate::extraction::{ThroughLookup, parse_lookup};
use crate::json::Object;

pub(super) const KIND: DimensionKind = DimensionKind { tag: "lookup", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<DimensionSpec> {
    let map = match (object.get("lookup"), object.opt_text("name")?) {
        (Some(_), None) => parse_lookup(object, parsing.environment)?,
        (None, Some(name)) => parsing.environment.lookup(&name)?,
        _ => return Err(object.error("exactly one of 'lookup' and 'name' must be given")),
    };
    named(object, Transform::Extract(ThroughLookup::parse(object, map)?))
}
