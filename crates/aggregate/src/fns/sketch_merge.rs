//! `sketchMerge`: what `thetaSketch` was called first.

use super::theta_sketch;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "sketchMerge", parse: |json| theta_sketch::parse(json, "sketchMerge") };
