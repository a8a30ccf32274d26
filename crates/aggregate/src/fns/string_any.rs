//! `stringAny`: the text of the first row met.

use crate::families::text::{Any, TextSpec};
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "stringAny", parse: |json| TextSpec::<Any>::parse(json, "stringAny") };
