//! `doubleMax`: the greatest number.

use crate::families::extreme::DoubleExtreme;
use crate::families::number_spec::NumberSpec;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind {
    tag: "doubleMax",
    parse: |json| NumberSpec::parse(json, "doubleMax", ColumnType::Double, DoubleExtreme::<true>),
};
