//! `sketchBuild`: what `thetaSketch` was called first.

use super::theta_sketch;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "sketchBuild", parse: |json| theta_sketch::parse(json, "sketchBuild") };
