//! `variance`: the variance of a number.

use crate::families::variance::VarianceSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "variance", parse: |json| VarianceSpec::parse(json, false) };
