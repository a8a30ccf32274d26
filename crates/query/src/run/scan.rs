//! Rows read on demand, batch by batch, so that memory does not grow with the answer.

mod ordered;
mod unordered;

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType};
use arrow_array::ArrayRef;
use expression::{Scalar, ShownExpr, Vector, VirtualColumns};
use segment::{ColumnRef, SegmentRef};
use serde_json::{Number, Value};
use timeline::Granularity;

use super::Selection;
use crate::exec::ExecContext;
use crate::finalize::{Keys, Values};
use crate::model::Common;
use crate::plan::Scope;
use crate::{Error, Result};

/// What a scan reads.
pub(crate) struct ScanPlan {
    pub common: Arc<Common>,
    /// `None`: every column of the segment.
    pub columns: Option<Vec<String>>,
    pub batch_rows: usize,
    pub offset: usize,
    pub limit: usize,
    /// `Some(descending)` when rows come in time order.
    pub order: Option<bool>,
}

/// Some rows of an answer.
pub(crate) struct ScanBatch {
    /// The segment they come from, if it is one.
    pub segment: Option<String>,
    pub columns: Vec<ScanColumn>,
    pub num_rows: usize,
}

pub(crate) struct ScanColumn {
    pub name: String,
    /// As clients read it, `None` when nothing is known of the column.
    pub type_name: Option<String>,
    pub values: Values,
}

/// Batches, read when asked for.
pub(crate) type ScanRows = Box<dyn Iterator<Item = Result<ScanBatch>> + Send>;

pub(crate) fn scan(plan: &Arc<ScanPlan>, scope: &Scope, exec: &ExecContext) -> Result<ScanRows> {
    let segments = crate::plan::prune(&scope.segments, &plan.common.scanned);
    match plan.order {
        None => Ok(Box::new(unordered::Unordered::new(plan.clone(), segments, exec.clone()))),
        Some(descending) => Ok(Box::new(ordered::Ordered::new(plan.clone(), segments, descending, exec.clone())?)),
    }
}

/// A segment opened for a scan.
struct Opened {
    common: Arc<Common>,
    segment: SegmentRef,
    selection: Selection,
    columns: Vec<OpenColumn>,
}

struct OpenColumn {
    name: String,
    column: Option<ColumnRef>,
    /// What is shown instead of the column.
    shown: Option<ShownExpr>,
    type_name: Option<String>,
    /// How stored states are shown.
    spec: Option<Arc<dyn AggregatorSpec>>,
}

impl Opened {
    fn new(plan: &ScanPlan, segment: &SegmentRef, names: &[String]) -> Result<Self> {
        let with_virtual = match &plan.common.virtual_columns {
            Some(virtual_columns) => crate::expressions::with_virtual(segment, virtual_columns)?,
            None => segment.clone(),
        };
        let filter = plan.common.filter.as_ref();
        let selection = Selection::new(&with_virtual, &plan.common.scanned, &Granularity::All, filter)?;
        let open = |name: &String| {
            let column = with_virtual.column(name);
            let column_type = column.as_ref().map(|column| column.column_type());
            let spec = column_type.as_ref().and_then(|column_type| spec_of(segment, name, column_type));
            let shown = plan.common.virtual_columns.as_ref().and_then(|columns| columns.shown(name, &with_virtual));
            let is_of_nothing = |columns: &VirtualColumns| columns.is_of_nothing(name, &with_virtual);
            let type_name = match &shown {
                Some(shown) => shown.type_name().map(str::to_owned),
                // As Druid has it, the type is that of the column that is hidden.
                None if plan.common.virtual_columns.as_ref().is_some_and(is_of_nothing) => {
                    segment.column(name).map(|hidden| hidden.column_type().to_string())
                }
                None => column_type.map(|t| t.to_string()),
            };
            OpenColumn { name: name.clone(), type_name, column, shown, spec }
        };
        let columns = names.iter().map(open).collect();
        Ok(Self { common: plan.common.clone(), segment: with_virtual, selection, columns })
    }

    /// The rows, in the order asked.
    fn take(&self, rows: &[u32]) -> Result<Vec<ScanColumn>> {
        let take = |open: &OpenColumn| {
            let values = match (&open.shown, &open.column) {
                (Some(shown), _) => shown_values(&shown.take(rows)?),
                (None, None) => Values::Null(rows.len()),
                (None, Some(column)) => values_of(column, column.take(rows), open.spec.as_ref())?,
            };
            Ok(ScanColumn { name: open.name.clone(), type_name: open.type_name.clone(), values: values.unfinalized()? })
        };
        let columns = self.columns.iter().map(take).collect();
        self.common.check_virtual()?;
        columns
    }
}

/// Names of the columns that a scan of the segment shows.
fn names_of(plan: &ScanPlan, segment: &SegmentRef) -> Vec<String> {
    if let Some(columns) = &plan.columns {
        return columns.clone();
    }
    let mut names: Vec<String> = segment.schema().visible().map(|column| column.name.to_string()).collect();
    for name in plan.common.virtual_columns.iter().flat_map(|columns| columns.names()) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The aggregator that made a column of states, as its segment remembers.
fn spec_of(segment: &SegmentRef, name: &str, column_type: &ColumnType) -> Option<Arc<dyn AggregatorSpec>> {
    let ColumnType::State(_) = column_type else { return None };
    let json = segment.metadata().aggregators.iter().find(|json| json.get("name").is_some_and(|n| n == name))?;
    aggregate::parse_aggregator(segment::unfiltered(json).0, crate::expressions::aggregator_kinds())
        .ok()
        .map(|spec| spec.merging())
}

/// The values of an expression; arrays and rows of several kinds in the form they are printed.
fn shown_values(vector: &Vector) -> Values {
    match vector {
        Vector::Long(values) => Values::Long(values.clone()),
        Vector::Double(values) => Values::Double(values.clone()),
        Vector::Text(values) => Values::Text(values.clone()),
        Vector::Coded { codes, dictionary } => Values::Coded { codes: codes.clone(), dictionary: dictionary.clone() },
        Vector::Constant(Scalar::Null, num_rows) => Values::Null(*num_rows),
        Vector::Constant(value, num_rows) => Values::Json(vec![json_of(value); *num_rows].into()),
        Vector::Mixed(values) => Values::Json(values.iter().map(json_of).collect()),
    }
}

fn json_of(value: &Scalar<'_>) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Long(long) => Value::from(*long),
        Scalar::Double(double) => {
            Number::from_f64(*double).map_or_else(|| Value::from(dialect::print::double_text(*double)), Value::Number)
        }
        Scalar::Text(text) => Value::from(text.as_ref()),
        Scalar::Json(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        Scalar::Array(array) => Value::Array(array.items.iter().map(json_of).collect()),
    }
}

/// An array of a column as values of an answer.
pub(crate) fn values_of(column: &ColumnRef, array: ArrayRef, spec: Option<&Arc<dyn AggregatorSpec>>) -> Result<Values> {
    let any = array.as_any();
    if let Some(longs) = any.downcast_ref::<arrow_array::Int64Array>() {
        return Ok(Values::Long(longs.clone()));
    }
    if let Some(doubles) = any.downcast_ref::<arrow_array::Float64Array>() {
        return Ok(Values::Double(doubles.clone()));
    }
    if let Some(floats) = any.downcast_ref::<arrow_array::Float32Array>() {
        return Ok(Values::Float(floats.clone()));
    }
    if any.is::<arrow_array::BinaryArray>() {
        return Ok(match spec {
            Some(spec) => Values::State { states: array, spec: spec.clone() },
            None => Values::Null(arrow_array::Array::len(&array)),
        });
    }
    let dictionary = column.dictionary().ok_or_else(|| Error::internal("codes without a dictionary"))?;
    if let Some(lists) = any.downcast_ref::<arrow_array::ListArray>() {
        return Ok(Values::Lists { lists: lists.clone(), dictionary });
    }
    let codes = segment::widen(array.as_ref()).ok_or_else(|| super::unexpected("text"))?;
    Ok(match column.column_type() {
        ColumnType::Value(shape) => {
            Values::Coded { codes: codes.into(), dictionary: Arc::new(Keys { dictionary, shape }) }
        }
        _ => Values::Coded { codes: codes.into(), dictionary },
    })
}
