//! `expression`: the value of an expression.

use std::collections::BTreeSet;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use segment::{ColumnRef, SegmentRef, VECTOR_ROWS};

use super::failure::Failure;
use super::materialise::materialise;
use super::numbers::Numbers;
use super::{ShownExpr, VirtualKind, VirtualSpec};
use crate::columns::{Decoded, Remapped, cast_numbers};
use crate::dimension_spec::column_type;
use crate::expr::{BoundExpr, Expr, ExprType, Kind, Vector};
use crate::json::Object;
use crate::{Environment, Result, dictionaries};

pub(super) const KIND: VirtualKind = VirtualKind { tag: "expression", parse };

fn parse(object: Object<'_>, environment: &Environment) -> Result<Arc<dyn VirtualSpec>> {
    let expr = Expr::parse_with(&object.text("expression")?, environment)?;
    let asked = object.opt_text("outputType")?;
    let output_type = asked.as_deref().map(column_type).transpose()?;
    Ok(Arc::new(Computed { expr, asked, output_type }))
}

#[derive(Debug)]
struct Computed {
    expr: Expr,
    /// The output type as the query names it.
    asked: Option<String>,
    /// Inferred when absent.
    output_type: Option<ColumnType>,
}

impl VirtualSpec for Computed {
    fn required_columns(&self) -> BTreeSet<String> {
        self.expr.required_columns().into_iter().map(String::from).collect()
    }

    fn shown(&self, segment: &SegmentRef) -> Option<ShownExpr> {
        let shown = ShownExpr::new(&self.expr, self.asked.as_deref(), segment);
        (self.asked.is_some() || !shown.is_existing_column()).then_some(shown)
    }

    fn bind(&self, segment: &SegmentRef, failure: &Failure) -> Result<ColumnRef> {
        let bound = self.expr.bind(segment);
        if let (Some(column), None) = (bound.column(), &self.output_type) {
            return Ok(column.clone());
        }
        let output_type = self.output_type.clone().unwrap_or_else(|| inferred(&bound));
        if let Some(column) = self.over_dictionary(&bound, &output_type, segment)? {
            return Ok(column);
        }
        match output_type {
            ColumnType::String | ColumnType::State(_) => {
                // A number a row: lists of several numbers are none.
                let is_number = matches!(bound.output_type(), Some(ExprType::Scalar(Kind::Long | Kind::Double)));
                materialise(&bound, segment.num_rows(), is_number, failure)
            }
            number => Ok(Arc::new(Numbers::new(bound, number, failure.clone()))),
        }
    }
}

fn inferred(bound: &BoundExpr) -> ColumnType {
    match bound.output_type() {
        _ if bound.is_multi_value() => ColumnType::String,
        Some(ExprType::Scalar(Kind::Long)) => ColumnType::Long,
        Some(ExprType::Scalar(Kind::Double)) => ColumnType::Double,
        Some(ExprType::Scalar(Kind::Text) | ExprType::Array(_)) => ColumnType::String,
        None => ColumnType::Float,
    }
}

impl Computed {
    /// Once per entry of the only dictionary that is read. `None` when that is not possible: several columns, a
    /// dictionary longer than the rows, or an entry that no row may hold and that fails. Empty lists stay empty.
    fn over_dictionary(
        &self,
        bound: &BoundExpr,
        output_type: &ColumnType,
        segment: &SegmentRef,
    ) -> Result<Option<ColumnRef>> {
        let Some((column, dictionary)) = bound.single_text() else { return Ok(None) };
        if dictionary.len() > segment.num_rows().max(VECTOR_ROWS) {
            return Ok(None);
        }
        let Ok(values) = bound.eval_dictionary(&*dictionary) else { return Ok(None) };
        let is_text = matches!(bound.output_type(), Some(ExprType::Scalar(Kind::Text)));
        if values.has_arrays() || (column.is_multi_value() && (*output_type != ColumnType::String || !is_text)) {
            return Ok(None);
        }
        Ok(Some(match output_type {
            ColumnType::String | ColumnType::State(_) => remapped(column, &*dictionary, &values)?,
            ColumnType::Long => decoded(column, ColumnType::Long, values.to_arrow_as(Kind::Long)),
            number => {
                let doubles = values.to_arrow_as(Kind::Double);
                decoded(column, number.clone(), cast_numbers(&doubles, number))
            }
        }))
    }
}

fn decoded(column: ColumnRef, column_type: ColumnType, values: arrow_array::ArrayRef) -> ColumnRef {
    Arc::new(Decoded::new(column, column_type, values))
}

fn remapped(column: ColumnRef, dictionary: &dyn Dictionary, values: &Vector) -> Result<ColumnRef> {
    let mut code = 0;
    let mapped = dictionaries::map(dictionary, |_| {
        code += 1;
        Some(values.get(code - 1).as_text().map(|text| text.into_owned()))
    })?;
    Ok(Arc::new(Remapped::new(column, mapped, false)))
}
