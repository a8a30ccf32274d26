//! `sketchEstimate`: what `thetaSketchEstimate` was called first.

pub(super) use super::theta_sketch_estimate::parse;
