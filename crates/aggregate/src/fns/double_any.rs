//! `doubleAny`: the number of the first row met.

use crate::families::any::AnyNumberSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "doubleAny", parse: |json| AnyNumberSpec::<f64>::parse(json, "doubleAny") };
