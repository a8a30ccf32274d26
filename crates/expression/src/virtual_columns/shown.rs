//! What a scan shows of an expression: the values as they came, whatever output type was asked for.

use segment::{ColumnRef, SegmentRef};

use crate::Result;
use crate::expr::{BoundExpr, Expr, ExprType, Kind, Scalar, Vector, read_whole};

enum Shown {
    Expr(BoundExpr),
    Column(ColumnRef),
}

/// An expression over a segment, to be printed.
pub struct ShownExpr {
    bound: Shown,
    type_name: Option<String>,
}

impl ShownExpr {
    /// `asked` is the output type that the query names. It decides the name of the type where that of the values is
    /// not known, and between numbers and text.
    pub(super) fn new(expr: &Expr, asked: Option<&str>, segment: &SegmentRef) -> ShownExpr {
        let bound = expr.bind(segment);
        let type_name = type_name(&bound, asked);
        ShownExpr { bound: Shown::Expr(bound), type_name }
    }

    /// A column whose values are shown under the name of another type.
    pub(super) fn of_column(column: ColumnRef, type_name: String) -> ShownExpr {
        ShownExpr { bound: Shown::Column(column), type_name: Some(type_name) }
    }

    /// Whether it is a column by another name, which shows itself.
    pub(super) fn is_existing_column(&self) -> bool {
        matches!(&self.bound, Shown::Expr(bound) if bound.column().is_some())
    }

    /// As row signatures name it; `None` when nothing is known.
    pub fn type_name(&self) -> Option<&str> {
        self.type_name.as_deref()
    }

    /// The values of the rows asked for. Where they are said to be text, lists are what multi-value columns show:
    /// no value is null, one stands for itself.
    pub fn take(&self, rows: &[u32]) -> Result<Vector> {
        let values = match &self.bound {
            Shown::Expr(bound) => bound.eval_lists(rows)?,
            Shown::Column(column) => return read_whole(column, rows),
        };
        if self.type_name() != Some("STRING") || !values.has_arrays() {
            return Ok(values);
        }
        let plain = |row| match values.get(row) {
            Scalar::Array(array) => match array.items.as_slice() {
                [] => Scalar::Null,
                [one] => one.clone(),
                _ => Scalar::Array(array),
            },
            scalar => scalar.into_owned(),
        };
        Ok(Vector::Mixed((0..values.len()).map(plain).collect()))
    }
}

fn type_name(bound: &BoundExpr, asked: Option<&str>) -> Option<String> {
    let asked = asked.map(str::to_ascii_uppercase);
    let is = |name: &str| asked.as_deref() == Some(name);
    let is_number = is("LONG") || is("DOUBLE") || is("FLOAT");
    match bound.known_output_type() {
        Some(ExprType::Scalar(Kind::Long | Kind::Double)) if is("FLOAT") => asked,
        Some(ExprType::Scalar(Kind::Long)) => Some("LONG".into()),
        Some(ExprType::Scalar(Kind::Double)) => Some("DOUBLE".into()),
        Some(_) if is_number => asked,
        Some(ExprType::Array(_)) if is("STRING") => asked,
        Some(known) => Some(known.to_string()),
        None if bound.is_column() => asked,
        None => asked.or(Some("FLOAT".into())),
    }
}
