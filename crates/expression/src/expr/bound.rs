//! An expression over the columns of a segment.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary, Shape};
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use dialect::path::JsonPath;
use segment::widen;
use segment::{ColumnRef, SegmentRef};

use super::build::InputSlot;
use super::builder::Builder;
use super::functions::literal_at;
use super::node::Node;
use super::scalar::{ExprType, Kind, Scalar};
use super::vector::Vector;
use super::{Expr, Read, Wanted};
use crate::columns::nulls;
use crate::fields::{Literals, uncast_literals};
use crate::{Result, values};

/// An expression bound to a segment: it can be asked for the values of any rows.
#[derive(Clone)]
pub struct BoundExpr {
    pub(super) expr: Expr,
    pub(super) columns: Vec<BoundInput>,
}

/// A column that is there, or a path of one.
#[derive(Clone)]
pub(super) struct BoundInput {
    pub name: String,
    path: Option<Arc<JsonPath>>,
    pub column: ColumnRef,
    /// Whether the column is that of the path.
    pub is_literal: bool,
}

impl BoundInput {
    fn find(input: &InputSlot, segment: &SegmentRef) -> Option<BoundInput> {
        let column = segment.column(&input.name)?;
        let literals = input.path.as_ref().and_then(|path| uncast_literals(&column, path));
        let literals = match literals {
            Some(Literals::Column(column)) => Some(column),
            Some(Literals::Nothing) => nulls(&ColumnType::Value(Shape::Json), segment.num_rows()).ok(),
            None => None,
        };
        let (is_literal, column) = (literals.is_some(), literals.unwrap_or(column));
        Some(BoundInput { name: input.name.clone(), path: input.path.clone(), column, is_literal })
    }

    pub fn answers(&self, input: &InputSlot) -> bool {
        self.name == input.name && self.path == input.path
    }

    fn is_type(&self, is: impl Fn(&ColumnType) -> bool) -> bool {
        is(&self.column.column_type())
    }
}

fn is_scalar(column_type: &ColumnType) -> bool {
    matches!(column_type, ColumnType::String | ColumnType::Long | ColumnType::Double | ColumnType::Float)
}

impl Expr {
    /// Finds the columns. What the segment lacks is null.
    pub fn bind(&self, segment: &SegmentRef) -> BoundExpr {
        let mut columns: Vec<BoundInput> = Vec::new();
        for input in &self.inner.inputs {
            if !columns.iter().any(|column| column.answers(input)) {
                columns.extend(BoundInput::find(input, segment));
            }
        }
        BoundExpr { expr: self.clone(), columns }
    }
}

impl BoundExpr {
    /// The value, when it reads no column and does not change.
    pub(crate) fn constant(&self) -> Option<&Scalar<'static>> {
        self.expr.constant()
    }

    /// Whether some row of a column that is read may be a list.
    pub(crate) fn reads_lists(&self) -> bool {
        let may_be = |input: &BoundInput| input.column.is_multi_value() || !input.is_type(is_scalar);
        self.columns.iter().any(may_be)
    }

    /// One value for each row of a range. Fails where a function refuses a value.
    pub fn eval(&self, rows: Range<usize>) -> Result<Vector> {
        self.eval_with(rows.len(), |column| column.read(rows.clone()))
    }

    /// One value for each of the rows asked for.
    pub fn eval_rows(&self, rows: &[u32]) -> Result<Vector> {
        self.eval_with(rows.len(), |column| column.take(rows))
    }

    /// As `eval`, for one who takes numbers for doubles.
    pub(crate) fn eval_doubles(&self, rows: Range<usize>) -> Result<Vector> {
        self.expr
            .eval_inputs(rows.len(), Wanted::Doubles, |input| self.input(input, |column| column.read(rows.clone())))
    }

    /// As `eval_rows`, but what a multi-value column gives stays a list when it is one text.
    pub(crate) fn eval_lists(&self, rows: &[u32]) -> Result<Vector> {
        self.expr.eval_inputs(rows.len(), Wanted::Lists, |input| self.input(input, |column| column.take(rows)))
    }

    fn eval_with(&self, num_rows: usize, read: impl Fn(&ColumnRef) -> ArrayRef) -> Result<Vector> {
        self.expr.eval_inputs(num_rows, Wanted::Values, |input| self.input(input, &read))
    }

    fn input(&self, input: &InputSlot, read: impl Fn(&ColumnRef) -> ArrayRef) -> Result<Option<Read>> {
        let Some(bound) = self.columns.iter().find(|bound| bound.answers(input)) else { return Ok(None) };
        let column = &bound.column;
        let is_value = bound.is_type(|column_type| matches!(column_type, ColumnType::Value(_)));
        if let (Some(path), true, false, Some(dictionary)) =
            (&input.path, is_value, bound.is_literal, column.dictionary())
        {
            // Each document once.
            let codes = widen(&*read(column)).unwrap_or_default();
            let values = values_of(&codes, &*dictionary, Some(path));
            return Ok(Some(Read { values, repeats: false, is_literal: true }));
        }
        let values = vector(column, read(column), input.whole || self.is_column())?;
        Ok(Some(Read { values, repeats: !is_value, is_literal: bound.is_literal }))
    }

    /// The type of the values, as far as it is known before they are.
    pub fn output_type(&self) -> Option<ExprType> {
        self.expr.output_of(&|input| {
            let bound = self.columns.iter().find(|bound| bound.answers(input))?;
            type_of(&bound.column.column_type())
        })
    }

    /// As `output_type`, but where a column is missing only as much as Druid knows: nothing when it is read as an
    /// array or when a function works row by row.
    pub(crate) fn known_output_type(&self) -> Option<ExprType> {
        let inner = &self.expr.inner;
        let is_there = |name: &str| self.columns.iter().any(|bound| bound.name == name);
        let lacks = inner.inputs.iter().any(|input| !is_there(&input.name) && (input.whole || inner.is_row_by_row));
        if lacks { None } else { self.output_type() }
    }

    /// The column, when the expression is its name and no more.
    pub fn column(&self) -> Option<&ColumnRef> {
        self.columns.first().map(|bound| &bound.column).filter(|_| self.is_column())
    }

    /// Whether the expression is the name of a column and no more, be it there or not.
    pub fn is_column(&self) -> bool {
        self.expr.is_column()
    }

    /// Whether rows may have several values.
    pub fn is_multi_value(&self) -> bool {
        let repeats = |bound: &BoundInput| bound.column.is_multi_value() && self.expr.reads_scalar(&bound.name);
        self.columns.iter().any(repeats) || matches!(self.output_type(), Some(ExprType::Array(_)))
    }

    /// The only column that is read, as it is or at one path.
    fn single(&self) -> Option<&BoundInput> {
        let [bound] = self.columns.as_slice() else { return None };
        self.expr.inner.inputs.iter().all(|input| bound.answers(input)).then_some(bound)
    }

    /// The string column, when the expression reads only that one, value by value: then it can be asked about
    /// each dictionary entry instead of each row.
    pub fn single_text(&self) -> Option<(ColumnRef, Arc<dyn Dictionary>)> {
        let bound = self.single()?;
        let whole = self.expr.inner.inputs.iter().any(|input| input.whole) && !bound.is_literal;
        let is_array = matches!(self.output_type(), Some(ExprType::Array(_)));
        (!whole && !is_array && bound.is_type(|column_type| *column_type == ColumnType::String))
            .then(|| bound.column.dictionary())
            .flatten()
            .map(|d| (bound.column.clone(), d))
    }

    /// The column of values, when the expression reads only that one: likewise. Texts at a path are values too where
    /// nothing is known of the result.
    pub(crate) fn single_values(&self) -> Option<(ColumnRef, Arc<dyn Dictionary>)> {
        let bound = self.single()?;
        let is_open = bound.is_literal && self.output_type().is_none();
        let is_values = bound.is_type(|column_type| match column_type {
            ColumnType::Value(_) => true,
            column_type => is_open && *column_type == ColumnType::String,
        });
        is_values.then(|| bound.column.dictionary()).flatten().map(|d| (bound.column.clone(), d))
    }

    /// The column of a path and the type asked of it, when the expression is `json_value` and no more.
    pub(crate) fn literals(&self) -> Option<(&ColumnRef, Option<ExprType>)> {
        let Node::Call { function, args } = &self.expr.inner.root else { return None };
        let to = function.as_literals().filter(|_| matches!(args.first(), Some(Node::Slot(_))))?;
        self.single().filter(|bound| bound.is_literal).map(|bound| (&bound.column, to))
    }

    /// The value for each entry of the dictionary of `single_values`.
    pub(crate) fn eval_entries(&self, dictionary: &dyn Dictionary) -> Result<Vector> {
        let codes: Vec<u32> = (0u32..).take(dictionary.len()).collect();
        let Some(bound) = self.single() else { return Ok(Vector::nulls(codes.len())) };
        if bound.is_type(|column_type| *column_type == ColumnType::String) {
            return self.eval_dictionary(dictionary);
        }
        let path = bound.path.as_deref().filter(|_| !bound.is_literal);
        let entries = values_of(&codes, dictionary, path);
        self.expr.eval_inputs(codes.len(), Wanted::Values, |_| {
            Ok(Some(Read { values: entries.clone(), repeats: false, is_literal: true }))
        })
    }

    /// Whether a column of values is read.
    pub(crate) fn reads_values(&self) -> bool {
        let is_value = |column_type: &ColumnType| matches!(column_type, ColumnType::Value(_));
        self.columns.iter().any(|bound| bound.is_literal || bound.is_type(is_value))
    }

    /// The value for each entry of the dictionary of `single_text`.
    pub fn eval_dictionary(&self, dictionary: &dyn Dictionary) -> Result<Vector> {
        let mut entries = Builder::new(dictionary.len());
        for code in (0u32..).take(dictionary.len()) {
            entries.push(dictionary.get(code).map_or(Scalar::Null, Scalar::text))?;
        }
        let entries = entries.finish();
        self.expr.eval_inputs(dictionary.len(), Wanted::Values, |_| {
            Ok(Some(Read { values: entries.clone(), repeats: true, is_literal: true }))
        })
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

/// Codes of keys as the values that they stand for, or as the literals at a path of these, each entry read once.
fn values_of(codes: &[u32], dictionary: &dyn Dictionary, path: Option<&JsonPath>) -> Vector {
    let mut known: HashMap<u32, Scalar<'static>> = HashMap::new();
    let read = |code: u32| {
        let value = values::scalar(values::of_key(dictionary.get(code)));
        path.map_or_else(|| value.clone().into_owned(), |path| literal_at(&value, path))
    };
    let value = |code: &u32| known.entry(*code).or_insert_with(|| read(*code)).clone();
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
        return Ok(values_of(&widen(&*array).unwrap_or_default(), &*dictionary, None));
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
