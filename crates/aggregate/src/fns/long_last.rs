//! `longLast`: the number of the latest row.

use crate::families::first_last::NumberAtEndSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "longLast", parse: |json| NumberAtEndSpec::<i64, true>::parse(json, "longLast") };
