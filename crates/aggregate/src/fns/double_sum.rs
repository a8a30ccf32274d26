//! `doubleSum`: the sum of a number.

use crate::families::number_spec::NumberSpec;
use crate::families::sum::DoubleSum;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "doubleSum", parse: |json| NumberSpec::parse(json, "doubleSum", ColumnType::Double, DoubleSum) };
