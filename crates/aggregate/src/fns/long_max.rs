//! `longMax`: the greatest number.

use crate::families::extreme::LongExtreme;
use crate::families::number_spec::NumberSpec;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "longMax", parse: |json| NumberSpec::parse(json, "longMax", ColumnType::Long, LongExtreme::<true>) };
