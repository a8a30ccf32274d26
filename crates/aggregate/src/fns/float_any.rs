//! `floatAny`: the number of the first row met.

use crate::families::any::AnyNumberSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "floatAny", parse: |json| AnyNumberSpec::<f32>::parse(json, "floatAny") };
