//! `HLLSketchMerge`: roughly how many distinct values, from stored sketches, by the DataSketches library's HyperLogLog.

use crate::families::hll::HllKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "HLLSketchMerge", parse: |json| HllKind::parse(json, "HLLSketchMerge") };
