//! `KllDoublesSketch`: roughly the distribution of doubles, by a KLL sketch.

use crate::families::quantiles::QuantilesKind;
use crate::sketches::kll::Kll;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "KllDoublesSketch", parse: |json| QuantilesKind::<Kll<f64>>::parse(json, false) };
