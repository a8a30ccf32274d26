//! `KllDoublesSketchMerge`: KLL sketches of doubles merged.

use crate::families::quantiles::QuantilesKind;
use crate::sketches::kll::Kll;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "KllDoublesSketchMerge", parse: |json| QuantilesKind::<Kll<f64>>::parse(json, true) };
