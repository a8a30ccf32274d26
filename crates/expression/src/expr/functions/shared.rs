//! What several families need.

use crate::expr::scalar::Scalar;

/// An argument as a long; `None` when absent, null or no number.
pub(super) fn long(args: &[Scalar<'_>], at: usize) -> Option<i64> {
    args.get(at).and_then(Scalar::as_long)
}

pub(super) fn double(args: &[Scalar<'_>], at: usize) -> Option<f64> {
    args.get(at).and_then(Scalar::as_double)
}

/// 1, 0 or null.
pub(super) fn truth<'a>(value: Option<bool>) -> Scalar<'a> {
    value.map_or(Scalar::Null, Scalar::from_bool)
}

pub(super) fn long_or_null<'a>(value: Option<i64>) -> Scalar<'a> {
    value.map_or(Scalar::Null, Scalar::Long)
}

pub(super) fn double_or_null<'a>(value: Option<f64>) -> Scalar<'a> {
    value.map_or(Scalar::Null, Scalar::Double)
}

pub(super) fn text_or_null<'a>(value: Option<String>) -> Scalar<'a> {
    value.map_or(Scalar::Null, Scalar::text)
}
