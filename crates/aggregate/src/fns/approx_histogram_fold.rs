//! `approxHistogramFold`: stored approximate histograms folded into one.

use crate::families::approx_histogram::ApproxKind;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind { tag: "approxHistogramFold", parse: |json| ApproxKind::parse(json, true) };
