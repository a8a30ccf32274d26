//! `expression`: an expression over finalized aggregates, dimensions and earlier post-aggregates.

use std::sync::Arc;

use ::expression::{Environment, Expr};
use serde_json::Value;

use super::PostAggregator;
use super::arithmetic::ordering;
use crate::fields::Fields;
use crate::finalize::{Table, Values};
use crate::order::How;
use crate::{Result, sources};

#[derive(Debug)]
struct Expression {
    expr: Expr,
    order: How,
    output: Option<Output>,
}

#[derive(Clone, Copy, Debug)]
enum Output {
    Long,
    Double,
    Float,
    Text,
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn PostAggregator>> {
    let expr = Expr::parse_with(&fields.require_text("expression")?, env)?;
    let output = match fields.text("outputType")?.map(|t| t.to_ascii_uppercase()).as_deref() {
        None => None,
        Some("LONG") => Some(Output::Long),
        Some("DOUBLE") => Some(Output::Double),
        Some("FLOAT") => Some(Output::Float),
        Some("STRING") => Some(Output::Text),
        Some(other) => {
            let value = Value::from(other);
            return Err(fields.wrong("outputType", "LONG, DOUBLE, FLOAT or STRING", &value));
        }
    };
    Ok(Arc::new(Expression { expr, order: ordering(fields)?, output }))
}

impl PostAggregator for Expression {
    fn columns(&self) -> Vec<String> {
        self.expr.required_columns().into_iter().map(str::to_owned).collect()
    }

    fn values(&self, rows: &Table) -> Result<Values> {
        let names = self.columns();
        let inputs = rows.select(names.iter().map(String::as_str).filter(|name| rows.get(name).is_some()))?;
        let values = sources::eval(&self.expr, &inputs.shown(true)?)?;
        Ok(match self.output {
            None => values,
            Some(output) => cast(&values, output),
        })
    }

    fn order(&self) -> How {
        self.order
    }
}

fn cast(values: &Values, output: Output) -> Values {
    let all = 0..values.len();
    match output {
        Output::Long => Values::Long(all.map(|row| values.long(row)).collect()),
        Output::Double => Values::Double(all.map(|row| values.double(row)).collect()),
        Output::Float => Values::Float(all.map(|row| values.double(row).map(|d| d as f32)).collect()),
        Output::Text => Values::Text(all.map(|row| values.text(row)).collect()),
    }
}
