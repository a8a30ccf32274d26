//! `HLLSketchBuild`: roughly how many distinct values, from values, by the DataSketches library's HyperLogLog.

use crate::families::hll::HllKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "HLLSketchBuild", parse: |json| HllKind::parse(json, "HLLSketchBuild") };
