//! `floatMax`: the greatest number.

use crate::families::extreme::FloatExtreme;
use crate::families::number_spec::NumberSpec;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind = Kind {
    tag: "floatMax",
    parse: |json| NumberSpec::parse(json, "floatMax", ColumnType::Float, FloatExtreme::<true>),
};
