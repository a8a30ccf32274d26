//! `KllFloatsSketchMerge`: KLL sketches of floats merged.

use crate::families::quantiles::QuantilesKind;
use crate::sketches::kll::Kll;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "KllFloatsSketchMerge", parse: |json| QuantilesKind::<Kll<f32>>::parse(json, true) };
