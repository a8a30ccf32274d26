//! `quantilesDoublesSketch`: a sketch of a distribution, from values or sketches.

use crate::families::quantiles::QuantilesKind;
use crate::sketches::quantiles::Quantiles;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "quantilesDoublesSketch", parse: |json| QuantilesKind::<Quantiles>::parse(json, false) };
