//! Type names and casts.

use super::scalar::{ExprType, Kind, Scalar};

/// `LONG`, `DOUBLE` (or `FLOAT`), `STRING`, in any case.
pub(crate) fn scalar_kind(name: &str) -> Option<Kind> {
    match name.to_ascii_uppercase().as_str() {
        "LONG" => Some(Kind::Long),
        "DOUBLE" | "FLOAT" => Some(Kind::Double),
        "STRING" => Some(Kind::Text),
        _ => None,
    }
}

/// A scalar type, `ARRAY<..>`, or the older `.._ARRAY`.
pub(crate) fn type_of(name: &str) -> Option<ExprType> {
    if name.eq_ignore_ascii_case("COMPLEX<json>") {
        return Some(ExprType::Scalar(Kind::Json));
    }
    if let Some(kind) = scalar_kind(name) {
        return Some(ExprType::Scalar(kind));
    }
    let upper = name.to_ascii_uppercase();
    let element = upper.strip_suffix("_ARRAY").or_else(|| upper.strip_prefix("ARRAY<")?.strip_suffix('>'))?;
    scalar_kind(element).map(ExprType::Array)
}

/// The value as the type; null when it cannot be.
pub(crate) fn cast<'a>(value: Scalar<'a>, to: ExprType) -> Scalar<'a> {
    match (to, value) {
        (_, Scalar::Null) => Scalar::Null,
        (ExprType::Scalar(kind), value) => value.cast(kind),
        (ExprType::Array(kind), Scalar::Array(array)) => Scalar::array_of(kind, array.items.clone()),
        (ExprType::Array(kind), value) => Scalar::array_of(kind, vec![value.into_owned()]),
    }
}
