//! `momentSketch`: a sketch of a distribution by its moments.

use crate::families::moments::MomentsKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "momentSketch", parse: |json| MomentsKind::parse(json, false) };
