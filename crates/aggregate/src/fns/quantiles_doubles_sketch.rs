//! `quantilesDoublesSketch`: a sketch of a distribution, from values or sketches.

use crate::families::quantiles::QuantilesKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "quantilesDoublesSketch", parse: |json| QuantilesKind::parse(json, false) };
