//! `stringLast`: the text of the latest row.

use crate::families::text::{Last, TextSpec};
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "stringLast", parse: |json| TextSpec::<Last>::parse(json, "stringLast") };
