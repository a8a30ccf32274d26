//! `KllFloatsSketch`: roughly the distribution of floats, by a KLL sketch.

use crate::families::quantiles::QuantilesKind;
use crate::sketches::kll::Kll;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "KllFloatsSketch", parse: |json| QuantilesKind::<Kll<f32>>::parse(json, false) };
