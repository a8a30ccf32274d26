//! `expression`: the value of an expression.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, Shape, Survey, cast};
use dialect::value;
use segment::{ColumnRef, SegmentRef, VECTOR_ROWS};

use super::failure::Failure;
use super::materialise::{materialise, materialise_values};
use super::numbers::Numbers;
use super::{ShownExpr, VirtualKind, VirtualSpec};
use crate::by_codes::{self, decoded};
use crate::columns::{Remapped, cast_numbers};
use crate::dimension_spec::column_type;
use crate::expr::{BoundExpr, Expr, ExprType, Kind, Vector};
use crate::json::Object;
use crate::{Environment, Result, dictionaries, values};

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
        if let Some(column) = self.literals(&bound) {
            return Ok(column);
        }
        let output_type = self.output_type.clone().unwrap_or_else(|| inferred(&bound));
        if let Some(column) = over_values(&bound, &output_type, self.output_type.is_none())? {
            return Ok(column);
        }
        let is_open = self.output_type.is_none() && bound.output_type().is_none() && bound.reads_values();
        match output_type {
            ColumnType::Value(shape) => return materialise_values(&bound, segment.num_rows(), Some(shape), failure),
            _ if is_open => return materialise_values(&bound, segment.num_rows(), None, failure),
            _ => {}
        }
        let by_numbers = output_type.is_number().then(|| over_codes(&bound, &output_type, segment));
        if let Some(column) = by_numbers.transpose()?.flatten() {
            return Ok(column);
        }
        if let Some(column) = self.over_dictionary(&bound, &output_type, segment)? {
            return Ok(column);
        }
        if let Some(column) = over_codes(&bound, &output_type, segment)? {
            return Ok(column);
        }
        match output_type {
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
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
        Some(ExprType::Scalar(Kind::Json)) => ColumnType::Value(Shape::Json),
        Some(ExprType::Scalar(Kind::Text) | ExprType::Array(_)) => ColumnType::String,
        None => ColumnType::Float,
    }
}

impl Computed {
    /// The column of a path, when that and no other type is asked for.
    fn literals(&self, bound: &BoundExpr) -> Option<ColumnRef> {
        let (column, to) = bound.literals()?;
        let is_type = |to: ExprType| match column.column_type() {
            ColumnType::Long => to == ExprType::LONG,
            ColumnType::Double => to == ExprType::DOUBLE,
            ColumnType::String => to == ExprType::STRING,
            ColumnType::Float | ColumnType::State(_) | ColumnType::Value(_) => false,
        };
        let is_asked = self.output_type.as_ref().is_none_or(|asked| *asked == column.column_type());
        (to.is_none_or(is_type) && is_asked).then(|| column.clone())
    }

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
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
                remapped(column, &*dictionary, &values)?
            }
            ColumnType::Long => decoded(column, ColumnType::Long, values.to_arrow_as(Kind::Long)),
            number => {
                let doubles = values.to_arrow_as(Kind::Double);
                decoded(column, number.clone(), cast_numbers(&doubles, number))
            }
        }))
    }
}

/// Once per combination of the codes of what is read. `None` when there are no codes or too many combinations, and
/// when the value of one is a list or fails.
fn over_codes(bound: &BoundExpr, output_type: &ColumnType, segment: &SegmentRef) -> Result<Option<ColumnRef>> {
    let Some(combinations) = bound.combinations(segment) else { return Ok(None) };
    let Some(values) = combinations.eval(bound) else { return Ok(None) };
    Ok(Some(match output_type {
        ColumnType::String => {
            let texts = (0..values.len()).map(|at| values.get(at).as_text().map(Cow::into_owned));
            by_codes::texts(Arc::new(combinations), texts)?
        }
        ColumnType::State(_) | ColumnType::Value(_) => return Ok(None),
        ColumnType::Long => by_codes::numbers(Arc::new(combinations), values.to_arrow_as(Kind::Long), ColumnType::Long),
        number => {
            let numbers = cast_numbers(&values.to_arrow_as(Kind::Double), number);
            by_codes::numbers(Arc::new(combinations), numbers, number.clone())
        }
    }))
}

/// Once per entry of the only column of values that is read. Of an open type when the query names none and none is
/// known: then each value keeps its own.
fn over_values(bound: &BoundExpr, output_type: &ColumnType, may_be_open: bool) -> Result<Option<ColumnRef>> {
    let Some((column, dictionary)) = bound.single_values() else { return Ok(None) };
    let Ok(evaluated) = bound.eval_entries(&*dictionary) else { return Ok(None) };
    let is_open = may_be_open && bound.output_type().is_none();
    if evaluated.has_arrays() && !is_open && !matches!(output_type, ColumnType::Value(_)) {
        return Ok(None);
    }
    let to = if let ColumnType::Value(shape) = output_type { Some(*shape) } else { None };
    let mut survey = Survey::default();
    let mut at = 0;
    let mapped = dictionaries::map(&*dictionary, |_| {
        let scalar = evaluated.get(at);
        at += 1;
        let value = values::of_scalar(&scalar);
        let value = to.map_or(value.clone(), |shape| cast(value, shape));
        survey.add(&value);
        Some(value::key(&value))
    })?;
    let shape = to.or(survey.shape()).unwrap_or(Shape::String);
    let column = values::of_mapped(column, mapped, shape);
    Ok(Some(match output_type {
        ColumnType::Value(_) => column,
        _ if is_open => column,
        ColumnType::String | ColumnType::State(_) => values::texts(&column, values::shown_text)?,
        number => values::numbers(&column, number)?,
    }))
}

fn remapped(column: ColumnRef, dictionary: &dyn Dictionary, values: &Vector) -> Result<ColumnRef> {
    let mut code = 0;
    let mapped = dictionaries::map(dictionary, |_| {
        code += 1;
        Some(values.get(code - 1).as_text().map(|text| text.into_owned()))
    })?;
    Ok(Arc::new(Remapped::new(column, mapped, false)))
}
