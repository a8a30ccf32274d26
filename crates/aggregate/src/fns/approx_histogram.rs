//! `approxHistogram`: roughly the distribution of a number, as buckets.

use crate::families::approx_histogram::ApproxKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "approxHistogram", parse: |json| ApproxKind::parse(json, false) };
