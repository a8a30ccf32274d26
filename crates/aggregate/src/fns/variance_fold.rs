//! `varianceFold`: the variance of what stored variances were made from.

use crate::families::variance::VarianceSpec;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "varianceFold", parse: |json| VarianceSpec::parse(json, true) };
