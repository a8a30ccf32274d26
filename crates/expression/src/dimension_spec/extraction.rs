//! `extraction`: the values through an extraction function.

use super::{DimensionKind, Transform, named};
use crate::ExtractionFn;

pub(super) const KIND: DimensionKind = DimensionKind {
    tag: "extraction",
    parse: |object, parsing| {
        let extraction = ExtractionFn::parse_with(object.require("extractionFn")?, parsing.environment)?;
        named(object, Transform::Extract(extraction))
    },
};
