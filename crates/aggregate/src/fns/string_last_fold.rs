//! `stringLastFold`: `stringLast` under the name it has over stored pairs.

use crate::families::text::{Last, TextSpec};
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "stringLastFold", parse: |json| TextSpec::<Last>::parse(json, "stringLastFold") };
