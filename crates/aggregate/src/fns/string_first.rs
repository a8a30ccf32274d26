//! `stringFirst`: the text of the earliest row.

use crate::families::text::{First, TextSpec};
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "stringFirst", parse: |json| TextSpec::<First>::parse(json, "stringFirst") };
