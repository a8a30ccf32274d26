//! `momentSketchMerge`: a sketch of a distribution by its moments, from stored sketches.

use crate::families::moments::MomentsKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "momentSketchMerge", parse: |json| MomentsKind::parse(json, true) };
