//! `longSum`: the sum of a number.

use crate::families::number_spec::NumberSpec;
use crate::families::sum::LongSum;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "longSum", parse: |json| NumberSpec::parse(json, "longSum", ColumnType::Long, LongSum) };
