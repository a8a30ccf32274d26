//! `longFirst`: the number of the earliest row.

use crate::families::first_last::NumberAtEndSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "longFirst", parse: |json| NumberAtEndSpec::<i64, false>::parse(json, "longFirst") };
