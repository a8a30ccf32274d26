//! `floatFirst`: the number of the earliest row.

use crate::families::first_last::NumberAtEndSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "floatFirst", parse: |json| NumberAtEndSpec::<f32, false>::parse(json, "floatFirst") };
