//! `longAny`: the number of the first row met.

use crate::families::any::AnyNumberSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "longAny", parse: |json| AnyNumberSpec::<i64>::parse(json, "longAny") };
