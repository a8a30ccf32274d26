//! `timeMax`: the latest of some times.

use aggregate::Kind;

use super::time_extreme::TimeSpec;

pub(super) static KIND: Kind = Kind { tag: "timeMax", parse: |json| TimeSpec::<true>::parse(json, "timeMax") };
