//! `floatSum`: the sum of a number.

use crate::families::number_spec::NumberSpec;
use crate::families::sum::FloatSum;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "floatSum", parse: |json| NumberSpec::parse(json, "floatSum", ColumnType::Float, FloatSum) };
