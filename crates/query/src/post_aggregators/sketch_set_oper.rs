//! `sketchSetOper`: what `thetaSketchSetOp` was called first.

pub(super) use super::theta_sketch_set_op::parse;
