//! `stringFirstFold`: `stringFirst` under the name it has over stored pairs.

use crate::families::text::{First, TextSpec};
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "stringFirstFold", parse: |json| TextSpec::<First>::parse(json, "stringFirstFold") };
