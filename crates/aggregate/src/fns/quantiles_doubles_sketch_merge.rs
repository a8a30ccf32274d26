//! `quantilesDoublesSketchMerge`: a sketch of a distribution, from stored sketches.

use crate::families::quantiles::QuantilesKind;
use crate::sketches::quantiles::Quantiles;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "quantilesDoublesSketchMerge", parse: |json| QuantilesKind::<Quantiles>::parse(json, true) };
