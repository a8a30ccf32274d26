//! `doubleFirst`: the number of the earliest row.

use crate::families::first_last::NumberAtEndSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "doubleFirst", parse: |json| NumberAtEndSpec::<f64, false>::parse(json, "doubleFirst") };
