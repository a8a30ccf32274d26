//! A row for each value of a list of values.

use std::sync::Arc;

use ::expression::{BoundExpr, Environment, Expr, ExprType, Filter, Kind, Scalar, VirtualColumns, WithVirtual};
use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::{Float64Array, Int64Array};
use segment::{ArrayColumn, ColumnRef, ColumnSchema, Role, Schema, SegmentRef, TIME_COLUMN, VECTOR_ROWS, widen};
use serde_json::{Value, json};
use timeline::Interval;

use super::picked::{CodedColumn, NullFirst, Picked, PickedColumn};
use super::view::{Beside, View};
use super::{Asked, Source, filter, narrow};
use crate::exec::{ExecContext, Reservation};
use crate::fields::{Fields, tag_of};
use crate::plan::Scope;
use crate::run::TextPool;
use crate::{Error, Result, Sources};

#[derive(Debug)]
struct Unnest {
    base: Arc<dyn Source>,
    name: Arc<str>,
    values: Values,
    filter: Vec<Filter>,
}

/// What a virtual column is called while it is taken apart.
const OWN_NAME: &str = "__unnested";

/// What is taken apart.
#[derive(Clone, Debug)]
enum Values {
    Expression { expr: Expr, kind: Option<Kind> },
    Virtual(VirtualColumns),
}

pub(super) fn parse(fields: &Fields<'_>, env: &Environment) -> Result<Arc<dyn Source>> {
    let base = super::parse(fields.require("base")?, env)?;
    let column = fields.require("virtualColumn")?;
    let read = Fields::of(column, "'virtualColumn' of an unnest")?;
    let is_expression = tag_of(column, "'virtualColumn'")? == "expression";
    let name = if read.get("name").is_some() { read.require_text("name")? } else { read.require_text("outputName")? };
    if name == TIME_COLUMN {
        return Err(Error::invalid(format!("'virtualColumn' of an unnest must not be named {TIME_COLUMN}")));
    }
    let values = match is_expression {
        true => Values::Expression {
            expr: Expr::parse_with(&read.require_text("expression")?, env)?,
            kind: read.text("outputType")?.and_then(|name| kind_of(&name)),
        },
        false => Values::Virtual(virtual_column(column, env)?),
    };
    let filter = fields.get("unnestFilter").map(|filter| Filter::parse_with(filter, env)).transpose()?;
    check_filter(filter.as_ref(), &name, fields.get("unnestFilter"))?;
    let filter = filter.iter().flat_map(Filter::conjuncts).collect();
    Ok(Arc::new(Unnest { base, name: name.into(), values, filter }))
}

/// The virtual column under a name of its own, for it may read the column that it hides.
fn virtual_column(json: &Value, env: &Environment) -> Result<VirtualColumns> {
    let mut json = json.clone();
    for field in ["name", "outputName"] {
        json[field] = OWN_NAME.into();
    }
    Ok(VirtualColumns::parse_with(&json!([json]), env)?)
}

fn check_filter(filter: Option<&Filter>, name: &str, json: Option<&Value>) -> Result<()> {
    let columns = filter.map(Filter::required_columns).unwrap_or_default();
    match columns.iter().find(|column| column.as_str() != name) {
        Some(other) => {
            let json = json.map(crate::fields::short).unwrap_or_default();
            Err(Error::invalid(format!("'unnestFilter' may read '{name}' only, not '{other}': {json}")))
        }
        None => Ok(()),
    }
}

/// The kind of the values of an output type, be it one of arrays or not.
fn kind_of(output_type: &str) -> Option<Kind> {
    let upper = output_type.to_ascii_uppercase();
    let inner = upper.strip_prefix("ARRAY<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(&upper);
    match inner {
        "LONG" => Some(Kind::Long),
        "DOUBLE" | "FLOAT" => Some(Kind::Double),
        "STRING" => Some(Kind::Text),
        _ => None,
    }
}

impl Source for Unnest {
    fn tables(&self, names: &mut Vec<String>) {
        self.base.tables(names);
    }

    fn prefixes(&self, prefixes: &mut Vec<String>) {
        self.base.prefixes(prefixes);
    }

    fn resolve(&self, asked: &Asked<'_>, sources: &dyn Sources, exec: &ExecContext) -> Result<Scope> {
        let below = asked.only(|name| name != &*self.name);
        let scope = self.base.resolve(&below, sources, exec)?;
        let mut after = self.filter.clone();
        after.extend(asked.only(|name| name == &*self.name).early);
        let unnesting = Unnesting {
            name: self.name.clone(),
            values: self.values.clone(),
            early: below.early,
            after,
            intervals: asked.query.intervals().to_vec(),
            exec: exec.clone(),
        };
        scope.view(asked.query, exec, move |segment| unnesting.unnest(segment))
    }
}

/// All that is needed to take the rows of one segment apart.
struct Unnesting {
    name: Arc<str>,
    values: Values,
    early: Vec<Filter>,
    after: Vec<Filter>,
    intervals: Vec<Interval>,
    exec: ExecContext,
}

/// Rows of the base, one for each value, and the values.
struct Taken {
    rows: Option<Vec<u32>>,
    column: ColumnRef,
}

impl Unnesting {
    fn unnest(&self, segment: SegmentRef) -> Result<SegmentRef> {
        let rows = narrow::rows(&segment, &self.intervals, &self.early, &self.exec)?;
        let mut held = Reservation::new(&self.exec.memory);
        let taken = match &self.values {
            Values::Expression { expr, kind } => {
                let bound = expr.bind(&segment);
                match bound.column().filter(|column| column.column_type() == ColumnType::String) {
                    Some(column) => self.of_column(&segment, column, rows, &mut held)?,
                    None => self.of_expression(&segment, &bound, *kind, rows, &mut held)?,
                }
            }
            Values::Virtual(columns) => {
                let with = WithVirtual::new(segment.clone(), columns)?;
                let column = with.column(OWN_NAME).ok_or_else(|| Error::internal("a virtual column is missing"))?;
                let taken = match column.column_type() {
                    ColumnType::Value(_) => {
                        let bound = Expr::parse(&format!("\"{OWN_NAME}\""))?.bind(&with);
                        self.of_expression(&segment, &bound, None, rows, &mut held)?
                    }
                    _ => self.of_column(&segment, &column, rows, &mut held)?,
                };
                columns.check()?;
                taken
            }
        };
        let schema = self.schema(&segment, &taken.column)?;
        let start = segment.time_range().start;
        let beside = Beside::Column { name: self.name.clone(), column: taken.column };
        let view = View::over(segment, taken.rows.map(Picked::new), beside, schema, start, held)?;
        filter::filtered(view, &self.after, &[Interval::ETERNITY], &self.exec)
    }

    fn schema(&self, base: &SegmentRef, column: &ColumnRef) -> Result<Schema> {
        let mut columns: Vec<ColumnSchema> = base.schema().columns().to_vec();
        columns.retain(|column| column.name != self.name);
        columns.push(ColumnSchema {
            name: self.name.clone(),
            column_type: column.column_type(),
            multi_value: false,
            role: Role::Dimension,
        });
        Ok(Schema::new(columns)?)
    }

    /// The values of a column; a row without any has one that is null.
    fn of_column(
        &self,
        segment: &SegmentRef,
        column: &ColumnRef,
        rows: Option<Vec<u32>>,
        held: &mut Reservation,
    ) -> Result<Taken> {
        let Some(dictionary) = column.dictionary().filter(|_| column.is_multi_value()) else {
            let column = match &rows {
                Some(rows) => Arc::new(PickedColumn::new(column.clone(), Picked::new(rows.clone()))) as ColumnRef,
                None => column.clone(),
            };
            return Ok(Taken { rows, column });
        };
        let null = dictionary.code_of(None);
        let shift = u32::from(null.is_none());
        let dictionary: Arc<dyn Dictionary> = if null.is_some() { dictionary } else { Arc::new(NullFirst(dictionary)) };
        let (mut taken, mut codes) = (Vec::new(), Vec::new());
        for vector in vectors(segment.num_rows(), rows) {
            self.exec.check()?;
            let array = column.take(&vector);
            let lists = array.as_list::<i32>();
            let all = widen(&**lists.values()).unwrap_or_default();
            for (row, ends) in vector.iter().zip(lists.value_offsets().windows(2)) {
                let before = codes.len();
                codes.extend(all[ends[0] as usize..ends[1] as usize].iter().map(|code| code + shift));
                if codes.len() == before {
                    codes.push(null.unwrap_or(0));
                }
                taken.resize(codes.len(), *row);
            }
            held.resize(codes.capacity() * 20)?;
        }
        Ok(Taken { rows: Some(taken), column: Arc::new(CodedColumn::new(codes, dictionary)) })
    }

    /// The values of the arrays that an expression gives; null and an empty array have none.
    fn of_expression(
        &self,
        segment: &SegmentRef,
        bound: &BoundExpr,
        kind: Option<Kind>,
        rows: Option<Vec<u32>>,
        held: &mut Reservation,
    ) -> Result<Taken> {
        let kind = kind.or_else(|| bound.output_type().map(ExprType::element)).unwrap_or(Kind::Text);
        let (mut taken, mut values) = (Vec::new(), Elements::new(kind));
        for vector in vectors(segment.num_rows(), rows) {
            self.exec.check()?;
            let arrays = bound.eval_rows(&vector)?;
            for (at, row) in vector.iter().enumerate() {
                match arrays.get(at) {
                    Scalar::Null => {}
                    Scalar::Array(array) => array.items.iter().for_each(|item| values.push(item)),
                    single => values.push(&single),
                }
                taken.resize(values.len(), *row);
            }
            held.resize(taken.capacity() * 28 + values.memory_bytes())?;
        }
        Ok(Taken { rows: Some(taken), column: values.finish()? })
    }
}

/// Rows in vectors.
fn vectors(num_rows: usize, rows: Option<Vec<u32>>) -> Vec<Vec<u32>> {
    match rows {
        Some(rows) => rows.chunks(VECTOR_ROWS).map(<[u32]>::to_vec).collect(),
        None => (0..num_rows)
            .step_by(VECTOR_ROWS)
            .map(|start| (start as u32..num_rows.min(start + VECTOR_ROWS) as u32).collect())
            .collect(),
    }
}

/// Values of one kind.
enum Elements {
    Long(Vec<Option<i64>>),
    Double(Vec<Option<f64>>),
    Text { codes: Vec<u32>, pool: TextPool },
}

impl Elements {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Long => Elements::Long(Vec::new()),
            Kind::Double => Elements::Double(Vec::new()),
            Kind::Text | Kind::Json => Elements::Text { codes: Vec::new(), pool: TextPool::default() },
        }
    }

    fn push(&mut self, value: &Scalar<'_>) {
        match self {
            Elements::Long(values) => values.push(value.as_long()),
            Elements::Double(values) => values.push(value.as_double()),
            Elements::Text { codes, pool } => codes.push(pool.intern(value.as_text().as_deref())),
        }
    }

    fn len(&self) -> usize {
        match self {
            Elements::Long(values) => values.len(),
            Elements::Double(values) => values.len(),
            Elements::Text { codes, .. } => codes.len(),
        }
    }

    fn memory_bytes(&self) -> usize {
        match self {
            Elements::Long(_) | Elements::Double(_) => self.len() * 16,
            Elements::Text { pool, .. } => self.len() * 4 + pool.memory_bytes(),
        }
    }

    fn finish(self) -> Result<ColumnRef> {
        Ok(match self {
            Elements::Long(values) => {
                Arc::new(ArrayColumn::plain(ColumnType::Long, Arc::new(Int64Array::from(values)))?)
            }
            Elements::Double(values) => {
                Arc::new(ArrayColumn::plain(ColumnType::Double, Arc::new(Float64Array::from(values)))?)
            }
            Elements::Text { codes, mut pool } => {
                pool.intern(None);
                Arc::new(CodedColumn::new(codes, Arc::new(pool)))
            }
        })
    }
}
