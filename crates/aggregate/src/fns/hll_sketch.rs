//! `HLLSketch`: another name of `HLLSketchMerge`.

use crate::families::hll::HllKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "HLLSketch", parse: |json| HllKind::parse(json, "HLLSketch") };
