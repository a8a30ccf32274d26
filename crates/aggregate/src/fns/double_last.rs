//! `doubleLast`: the number of the latest row.

use crate::families::first_last::NumberAtEndSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "doubleLast", parse: |json| NumberAtEndSpec::<f64, true>::parse(json, "doubleLast") };
