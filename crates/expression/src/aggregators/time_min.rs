//! `timeMin`: the earliest of some times.

use aggregate::Kind;

use super::time_extreme::TimeSpec;

pub(super) static KIND: Kind = Kind { tag: "timeMin", parse: |json| TimeSpec::<false>::parse(json, "timeMin") };
