//! `expression`: values folded by an expression over an accumulator.

mod fold;
mod order;
mod properties;
mod typed;
mod values;

use std::sync::Arc;

use aggregate::{Accumulator, AggregatorSpec, ColumnType, Finalized, InputSpec, Kind as AggregatorKind, Lane, Owned};
use arrow_array::ArrayRef;
use serde_json::Value;

use self::fold::ExpressionFold;
use self::properties::Properties;
use self::typed::Typed;
use crate::expr::{Expr, ExprType, Kind, Scalar, Vector};

pub(super) static KIND: AggregatorKind =
    AggregatorKind { tag: "expression", parse: |json| Ok(Arc::new(ExpressionSpec::new(Properties::parse(json)?))) };

/// Name of the states where they are no plain numbers.
const STATE_TYPE: &str = "expression";
/// What `finalize` calls the accumulated value.
const FINALIZED: &str = "o";

/// `{type, name, fields, accumulatorIdentifier, initialValue, initialCombineValue, fold, combine, finalize,
/// isNullUnlessAggregated, shouldAggregateNullInputs, shouldCombineAggregateNullInputs, maxSizeBytes}`. Without
/// `fields` it folds values that were accumulated before, by `combine`.
#[derive(Clone, Debug)]
struct ExpressionSpec {
    properties: Arc<Properties>,
    /// Columns that the expression reads besides the accumulator.
    columns: Vec<String>,
}

impl ExpressionSpec {
    fn new(properties: Properties) -> Self {
        let folded = properties.folded();
        let columns = folded.required_columns().into_iter().filter(|name| **name != properties.accumulator);
        let columns = columns.map(str::to_owned).collect();
        Self { properties: Arc::new(properties), columns }
    }

    /// The type of what is accumulated: that of the value it begins with.
    fn accumulated(&self) -> Option<ExprType> {
        type_of(self.properties.initial())
    }

    /// The one type of number that states have, if they are numbers.
    fn number(&self) -> Option<Kind> {
        match self.accumulated() {
            Some(ExprType::Scalar(kind @ (Kind::Long | Kind::Double))) => Some(kind),
            _ => None,
        }
    }

    fn fold(&self) -> ExpressionFold {
        ExpressionFold::new(self.properties.clone(), self.columns.clone(), self.accumulated())
    }

    /// The accumulated value of each group.
    fn values(&self, states: &ArrayRef) -> aggregate::Result<Vec<Scalar<'static>>> {
        let empty = match self.properties.is_null_unless_aggregated {
            true => Scalar::Null,
            false => self.properties.initial().clone(),
        };
        let values = typed::scalars(states.as_ref())?;
        Ok(values.into_iter().map(|value| value.unwrap_or_else(|| empty.clone())).collect())
    }

    fn finalized(&self, values: Vec<Scalar<'static>>) -> aggregate::Result<(Vec<Scalar<'static>>, Option<ExprType>)> {
        let Some(finalize) = &self.properties.finalize else { return Ok((values, self.accumulated())) };
        let input = Vector::Mixed(values.into());
        let num_rows = input.len();
        let result = finalize.eval_whole(num_rows, |name| (name == FINALIZED).then(|| input.clone()));
        let result = result.map_err(|error| self.properties.failed("finalize", &error))?;
        let values = (0..num_rows).map(|row| result.get(row).into_owned()).collect();
        Ok((values, self.finalized_type(finalize)))
    }

    fn finalized_type(&self, finalize: &Expr) -> Option<ExprType> {
        finalize.output_type(&|name| (name == FINALIZED).then(|| self.accumulated()).flatten())
    }
}

fn type_of(value: &Scalar<'_>) -> Option<ExprType> {
    let kind = value.kind()?;
    Some(if matches!(value, Scalar::Array(_)) { ExprType::Array(kind) } else { ExprType::Scalar(kind) })
}

/// Lists are shown as text by those who know no lists.
fn column_type(expr_type: Option<ExprType>) -> ColumnType {
    match expr_type {
        Some(ExprType::Scalar(Kind::Long)) => ColumnType::Long,
        Some(ExprType::Scalar(Kind::Double)) => ColumnType::Double,
        Some(ExprType::Scalar(Kind::Text | Kind::Json) | ExprType::Array(_)) | None => ColumnType::String,
    }
}

impl AggregatorSpec for ExpressionSpec {
    fn name(&self) -> &str {
        &self.properties.name
    }

    fn type_tag(&self) -> &'static str {
        "expression"
    }

    fn to_json(&self) -> Value {
        self.properties.to_json()
    }

    fn inputs(&self) -> Vec<InputSpec> {
        self.columns.iter().cloned().map(InputSpec::Column).collect()
    }

    fn accumulator(&self, columns: &[Option<ColumnType>]) -> aggregate::Result<Box<dyn Accumulator>> {
        let lanes = aggregate::lanes(columns, Lane::Text);
        let owned = Owned::boxed(self.fold(), lanes);
        Ok(match self.number() {
            Some(kind) => Box::new(Typed { inner: owned, kind }),
            None => owned,
        })
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(ExpressionSpec::new(self.properties.merging()))
    }

    fn state_type(&self) -> ColumnType {
        match self.number() {
            Some(kind) => column_type(Some(ExprType::Scalar(kind))),
            None => ColumnType::state(STATE_TYPE),
        }
    }

    fn output_type(&self, finalized: bool) -> ColumnType {
        match &self.properties.finalize {
            Some(finalize) if finalized => column_type(self.finalized_type(finalize)),
            _ => column_type(self.accumulated()),
        }
    }

    fn finalize(&self, states: &ArrayRef) -> aggregate::Result<Finalized> {
        let (values, expected) = self.finalized(self.values(states)?)?;
        Ok(typed::column(values, expected))
    }

    fn sort_keys(&self, states: &ArrayRef) -> aggregate::Result<Finalized> {
        match &self.properties.compare {
            Some(compare) => {
                order::ranks(&self.values(states)?, compare).map_err(|error| self.properties.failed("compare", &error))
            }
            None => self.unfinalized(states),
        }
    }

    fn unfinalized(&self, states: &ArrayRef) -> aggregate::Result<Finalized> {
        Ok(typed::column(self.values(states)?, self.accumulated()))
    }
}
