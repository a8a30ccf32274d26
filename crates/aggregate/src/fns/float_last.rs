//! `floatLast`: the number of the latest row.

use crate::families::first_last::NumberAtEndSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "floatLast", parse: |json| NumberAtEndSpec::<f32, true>::parse(json, "floatLast") };
