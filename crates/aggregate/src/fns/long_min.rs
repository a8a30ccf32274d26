//! `longMin`: the smallest number.

use crate::families::extreme::LongExtreme;
use crate::families::number_spec::NumberSpec;
use crate::input::ColumnType;
use crate::spec::Kind;

pub(super) static KIND: Kind =
    Kind { tag: "longMin", parse: |json| NumberSpec::parse(json, "longMin", ColumnType::Long, LongExtreme::<false>) };
