//! `floatMin`: the smallest number.

use crate::families::extreme::FloatExtreme;
use crate::families::number_spec::NumberSpec;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind {
    tag: "floatMin",
    parse: |json| NumberSpec::parse(json, "floatMin", ColumnType::Float, FloatExtreme::<false>),
};
