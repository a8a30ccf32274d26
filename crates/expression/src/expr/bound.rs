//! An expression over the columns of a segment.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, Shape};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use segment::widen;
use segment::{ColumnRef, SegmentRef};

use super::builder::Builder;
use super::scalar::{ExprType, Kind, Scalar};
use super::vector::Vector;
use super::{Expr, Read};
use crate::{Result, values};

/// An expression bound to a segment: it can be asked for the values of any rows.
#[derive(Clone)]
pub struct BoundExpr {
    expr: Expr,
    columns: Vec<(String, ColumnRef)>,
}

impl Expr {
    /// Finds the columns. What the segment lacks is null.
    pub fn bind(&self, segment: &SegmentRef) -> BoundExpr {
        let columns = self.required_columns().into_iter();
        let columns = columns.filter_map(|name| Some((name.to_string(), segment.column(name)?))).collect();
        BoundExpr { expr: self.clone(), columns }
    }
}

impl BoundExpr {
    /// One value for each row of a range. Fails where a function refuses a value.
    pub fn eval(&self, rows: Range<usize>) -> Result<Vector> {
        self.eval_with(rows.len(), |column| column.read(rows.clone()))
    }

    /// One value for each of the rows asked for.
    pub fn eval_rows(&self, rows: &[u32]) -> Result<Vector> {
        self.eval_with(rows.len(), |column| column.take(rows))
    }

    /// As `eval_rows`, but what a multi-value column gives stays a list when it is one text.
    pub(crate) fn eval_lists(&self, rows: &[u32]) -> Result<Vector> {
        self.expr.eval_inputs(rows.len(), true, |name, whole| self.input(name, whole, |column| column.take(rows)))
    }

    fn eval_with(&self, num_rows: usize, read: impl Fn(&ColumnRef) -> ArrayRef) -> Result<Vector> {
        self.expr.eval_inputs(num_rows, false, |name, whole| self.input(name, whole, &read))
    }

    fn input(&self, name: &str, whole: bool, read: impl Fn(&ColumnRef) -> ArrayRef) -> Result<Option<Read>> {
        let Some((_, column)) = self.columns.iter().find(|(column, _)| column == name) else { return Ok(None) };
        let values = vector(column, read(column), whole || self.is_column())?;
        Ok(Some(Read { values, repeats: !matches!(column.column_type(), ColumnType::Value(_)) }))
    }

    /// The type of the values, as far as it is known before they are.
    pub fn output_type(&self) -> Option<ExprType> {
        self.expr.output_type(&|name| {
            let (_, column) = self.columns.iter().find(|(column, _)| column == name)?;
            type_of(&column.column_type())
        })
    }

    /// As `output_type`, but where a column is missing only as much as Druid knows: nothing when it is read as an
    /// array or when a function works row by row.
    pub(crate) fn known_output_type(&self) -> Option<ExprType> {
        let inner = &self.expr.inner;
        let is_there = |name: &str| self.columns.iter().any(|(column, _)| column == name);
        let lacks = inner.inputs.iter().any(|input| !is_there(&input.name) && (input.whole || inner.is_row_by_row));
        if lacks { None } else { self.output_type() }
    }

    /// The column, when the expression is its name and no more.
    pub fn column(&self) -> Option<&ColumnRef> {
        self.columns.first().map(|(_, column)| column).filter(|_| self.is_column())
    }

    /// Whether the expression is the name of a column and no more, be it there or not.
    pub fn is_column(&self) -> bool {
        self.expr.is_column()
    }

    /// Whether rows may have several values.
    pub fn is_multi_value(&self) -> bool {
        let repeats = |(name, column): &(String, ColumnRef)| column.is_multi_value() && self.expr.reads_scalar(name);
        self.columns.iter().any(repeats) || matches!(self.output_type(), Some(ExprType::Array(_)))
    }

    /// The string column, when the expression reads only that one, value by value: then it can be asked about
    /// each dictionary entry instead of each row.
    pub fn single_text(&self) -> Option<(ColumnRef, Arc<dyn Dictionary>)> {
        let [(name, column)] = self.columns.as_slice() else { return None };
        let whole = self.expr.inner.inputs.iter().any(|input| input.whole);
        let only = self.expr.required_columns() == [name.as_str()] && !whole;
        let is_array = matches!(self.output_type(), Some(ExprType::Array(_)));
        (only && !is_array && column.column_type() == ColumnType::String)
            .then(|| column.dictionary())
            .flatten()
            .map(|d| (column.clone(), d))
    }

    /// The column of values, when the expression reads only that one: likewise.
    pub(crate) fn single_values(&self) -> Option<(ColumnRef, Arc<dyn Dictionary>)> {
        let [(name, column)] = self.columns.as_slice() else { return None };
        let only = self.expr.required_columns() == [name.as_str()];
        let is_values = matches!(column.column_type(), ColumnType::Value(_));
        (only && is_values).then(|| column.dictionary()).flatten().map(|d| (column.clone(), d))
    }

    /// The value for each entry of the dictionary of `single_values`.
    pub(crate) fn eval_entries(&self, dictionary: &dyn Dictionary) -> Result<Vector> {
        let codes: Vec<u32> = (0u32..).take(dictionary.len()).collect();
        let entries = values_of(&codes, dictionary);
        self.expr
            .eval_inputs(dictionary.len(), false, |_, _| Ok(Some(Read { values: entries.clone(), repeats: false })))
    }

    /// Whether a column of values is read.
    pub(crate) fn reads_values(&self) -> bool {
        self.columns.iter().any(|(_, column)| matches!(column.column_type(), ColumnType::Value(_)))
    }

    /// The value for each entry of the dictionary of `single_text`.
    pub fn eval_dictionary(&self, dictionary: &dyn Dictionary) -> Result<Vector> {
        let mut entries = Builder::new(dictionary.len());
        for code in (0u32..).take(dictionary.len()) {
            entries.push(dictionary.get(code).map_or(Scalar::Null, Scalar::text))?;
        }
        let entries = entries.finish();
        self.expr.eval(dictionary.len(), |_| Ok(Some(entries.clone())))
    }
}

fn type_of(column_type: &ColumnType) -> Option<ExprType> {
    match column_type {
        ColumnType::Long => Some(ExprType::LONG),
        ColumnType::Double | ColumnType::Float => Some(ExprType::DOUBLE),
        ColumnType::String => Some(ExprType::STRING),
        ColumnType::State(_) => None,
        ColumnType::Value(shape) => Some(match shape {
            Shape::Long => ExprType::LONG,
            Shape::Double => ExprType::DOUBLE,
            Shape::String => ExprType::STRING,
            Shape::LongArray => ExprType::Array(Kind::Long),
            Shape::DoubleArray => ExprType::Array(Kind::Double),
            Shape::StringArray => ExprType::Array(Kind::Text),
            Shape::Json => ExprType::Scalar(Kind::Json),
        }),
    }
}

/// Codes of keys as the values that they stand for, each entry read once.
fn values_of(codes: &[u32], dictionary: &dyn Dictionary) -> Vector {
    let mut known: HashMap<u32, Scalar<'static>> = HashMap::new();
    let value = |code: &u32| {
        known.entry(*code).or_insert_with(|| values::scalar(values::of_key(dictionary.get(*code))).into_owned()).clone()
    };
    Vector::Mixed(codes.iter().map(value).collect())
}

/// Rows of a column, lists as arrays.
pub(crate) fn read_whole(column: &ColumnRef, rows: &[u32]) -> Result<Vector> {
    vector(column, column.take(rows), true)
}

/// What a column read, as a vector. States have no value here.
fn vector(column: &ColumnRef, array: ArrayRef, whole: bool) -> Result<Vector> {
    let Some(dictionary) = column.dictionary() else {
        return match column.column_type() {
            ColumnType::Long | ColumnType::Double | ColumnType::Float => Vector::from_arrow(&array),
            ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => Ok(Vector::nulls(array.len())),
        };
    };
    if let ColumnType::Value(_) = column.column_type() {
        return Ok(values_of(&widen(&*array).unwrap_or_default(), &*dictionary));
    }
    if !column.is_multi_value() {
        return Ok(Vector::Coded { codes: widen(&*array).unwrap_or_default().into(), dictionary });
    }
    let lists = array.as_list::<i32>();
    let codes = widen(&**lists.values()).unwrap_or_default();
    let text = |code: &u32| dictionary.get(*code).map_or(Scalar::Null, |text| Scalar::text(text.to_string()));
    let row = |ends: &[i32]| match &codes[ends[0] as usize..ends[1] as usize] {
        [] if whole => Scalar::Null,
        // A list of one null is what null is.
        [code] if whole && dictionary.get(*code).is_none() => Scalar::Null,
        // Value by value, a row without value is one null.
        [] => Scalar::array_of(Kind::Text, vec![Scalar::Null]),
        codes => Scalar::array_of(Kind::Text, codes.iter().map(text).collect()),
    };
    Ok(Vector::Mixed(lists.value_offsets().windows(2).map(row).collect()))
}
