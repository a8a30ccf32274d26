//! What happens to parsed rows before they are folded: computed columns, the row filter, windows of
//! time.

mod columns;
mod row_filter;
#[cfg(test)]
mod tests;
mod windows;

use std::sync::Arc;

use aggregate::InputSpec;
use expression::{Expr, Scalar, Vector};

pub use windows::Windows;

use columns::RowColumns;
use row_filter::RowFilter;

use crate::parse::layout::{Layout, hidden_name};
use crate::parse::{Cell, ParsedBatch, Reason};
use crate::spec::{DataSchema, TIME_COLUMN};
use crate::{Error, Result};

/// Computes the transforms of a schema, and decides which rows are kept and which metric counts them.
#[derive(Debug)]
pub(crate) struct Transformer {
    steps: Vec<Step>,
    filter: Option<RowFilter>,
    metric_filters: Vec<(usize, RowFilter)>,
    /// Slots that keep the fields read here as they came.
    fields: Vec<(Arc<str>, usize)>,
}

/// One computed column.
#[derive(Debug)]
struct Step {
    name: Arc<str>,
    expression: Expr,
}

impl Transformer {
    /// `None` when there is nothing to do. Adds to the layout the fields that it reads.
    pub(crate) fn new(schema: &DataSchema, layout: &mut Layout) -> Result<Option<Transformer>> {
        let steps = steps(schema)?;
        let filter = match &schema.transform.filter {
            Some(json) => Some(RowFilter::parse(json, "dataSchema.transformSpec.filter")?),
            None => None,
        };
        let mut metric_filters = Vec::new();
        for (at, metric) in schema.metrics.iter().enumerate() {
            if let Some(json) = &metric.filter {
                metric_filters.push((at, RowFilter::parse(json, &format!("dataSchema.metricsSpec[{at}].filter"))?));
            }
        }
        if steps.is_empty() && filter.is_none() && metric_filters.is_empty() {
            return Ok(None);
        }
        let filters = || filter.iter().chain(metric_filters.iter().map(|(_, filter)| filter));
        let mut names: Vec<String> = filters().flat_map(RowFilter::columns).collect();
        names.retain(|name| !steps.iter().any(|step| *step.name == **name));
        names.extend(steps.iter().flat_map(|step| step.expression.required_columns()).map(str::to_owned));
        names.retain(|name| name != TIME_COLUMN);
        names.sort();
        names.dedup();
        let fields = names.iter().map(|name| (Arc::from(name.as_str()), layout.raw_slot(name))).collect();
        Ok(Some(Transformer { steps, filter, metric_filters, fields }))
    }

    /// Fills the computed columns, and clears the bits of rows that the filter drops.
    pub(crate) fn apply(&self, batch: &mut ParsedBatch) {
        let mut columns = RowColumns::of(batch, &self.fields);
        let mut computed = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            computed.push((step.name.clone(), evaluate(step, &columns, batch)));
        }
        for (name, values) in computed {
            if &*name == TIME_COLUMN {
                set_time(&values, batch);
            } else {
                fill(&name, &values, batch);
            }
            columns.set(name, values);
        }
        columns.set_time(batch.time());
        batch.keep = windows::all_rows(batch.num_rows());
        drop_timeless(batch);
        self.filter(&columns, batch);
    }

    fn filter(&self, columns: &RowColumns, batch: &mut ParsedBatch) {
        if let Some(filter) = &self.filter {
            let passed = filter.mask(columns, batch.num_rows());
            for row in 0..batch.num_rows() {
                let bit = 1u64 << (row % 64);
                if batch.keep[row / 64] & bit != 0 && passed[row / 64] & bit == 0 {
                    batch.keep[row / 64] &= !bit;
                    batch.thrown.push((row as u32, Reason::Filtered));
                }
            }
        }
        for (metric, filter) in &self.metric_filters {
            batch.metric_keep[*metric] = Some(filter.mask(columns, batch.num_rows()));
        }
    }
}

fn steps(schema: &DataSchema) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for (at, transform) in schema.transform.transforms.iter().enumerate() {
        let path = format!("dataSchema.transformSpec.transforms[{at}].expression");
        steps.push(Step { name: transform.name.as_str().into(), expression: parse(&transform.expression, &path)? });
    }
    for (at, metric) in schema.metrics.iter().enumerate() {
        for input in metric.aggregator.inputs() {
            if let InputSpec::Expression(text) = input {
                let path = format!("dataSchema.metricsSpec[{at}].expression");
                steps.push(Step { name: hidden_name(&text).into(), expression: parse(&text, &path)? });
            }
        }
    }
    Ok(steps)
}

fn parse(text: &str, path: &str) -> Result<Expr> {
    Expr::parse(text).map_err(|error| Error::invalid(path, error.to_string()))
}

/// The values of a computed column. Where a function refuses a value, that row is null and says why.
fn evaluate(step: &Step, columns: &RowColumns, batch: &mut ParsedBatch) -> Vector {
    let rows = batch.num_rows();
    if let Ok(values) = step.expression.eval(rows, |name| Ok(columns.get(name).cloned())) {
        return values;
    }
    let mut values = Vec::with_capacity(rows);
    for row in 0..rows {
        let one = step.expression.eval(1, |name| Ok(columns.get(name).map(|column| column.take(&[row as u32]))));
        values.push(match one {
            Ok(one) => one.get(0).into_owned(),
            Err(error) => {
                batch.note_error(row, &step.name, format!("Transform [{}] failed: {error}", shown_name(&step.name)));
                Scalar::Null
            }
        });
    }
    Vector::Mixed(values.into())
}

fn shown_name(name: &str) -> &str {
    name.strip_prefix('\0').unwrap_or(name)
}

fn fill(name: &str, values: &Vector, batch: &mut ParsedBatch) {
    for slot in batch.layout.computed_slots(name).to_vec() {
        for row in 0..batch.num_rows() {
            batch.put_computed(slot as usize, row, &cell(&values.get(row)));
        }
    }
}

/// A computed value as the input would have written it.
fn cell<'a>(value: &'a Scalar<'_>) -> Cell<'a> {
    match value {
        Scalar::Null => Cell::Null,
        Scalar::Long(value) => Cell::Long(*value),
        Scalar::Double(value) => Cell::Double(*value),
        Scalar::Text(text) => Cell::text(text),
        Scalar::Json(text) => crate::parse::cell_of(text),
        Scalar::Array(items) => Cell::List(items.items.iter().map(cell).collect()),
    }
}

fn set_time(values: &Vector, batch: &mut ParsedBatch) {
    for row in 0..batch.num_rows() {
        match values.get(row).as_long().filter(|time| expression::TIME_BOUNDS.contains(time)) {
            Some(time) => batch.time[row] = time,
            None => batch.timeless.push(row as u32),
        }
    }
}

/// Rows whose computed time is none are not taken.
fn drop_timeless(batch: &mut ParsedBatch) {
    for row in std::mem::take(&mut batch.timeless) {
        batch.keep[row as usize / 64] &= !(1 << (row % 64));
        batch.reject_row(row as usize, Reason::Timestamp, "null".to_owned());
    }
}
