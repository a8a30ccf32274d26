//! `extraction`: the older name of a selector with an extraction function.

use super::{Filter, FilterKind, Parsing, selector};
use crate::Result;
use crate::json::Object;

pub(super) const KIND: FilterKind = FilterKind { tag: "extraction", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    object.require("extractionFn")?;
    selector::parse(object, parsing)
}
