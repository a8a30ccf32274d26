//! `doubleMin`: the smallest number.

use crate::families::extreme::DoubleExtreme;
use crate::families::number_spec::NumberSpec;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind {
    tag: "doubleMin",
    parse: |json| NumberSpec::parse(json, "doubleMin", ColumnType::Double, DoubleExtreme::<false>),
};
