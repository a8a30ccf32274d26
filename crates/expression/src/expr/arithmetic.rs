//! `+ - * / % ^` and unary minus.

use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrowPrimitiveType, Float64Array, PrimitiveArray};
use arrow_buffer::NullBuffer;

use super::builder::Builder;
use super::node::{ByRow, Frame, Function, Node};
use super::scalar::{ExprType, Kind, Scalar, number_of};
use super::vector::Vector;
use crate::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
}

use Arithmetic::{Add, Divide, Modulo, Multiply, Power, Subtract};

pub(crate) fn operator(mark: &str) -> Option<Box<dyn Function>> {
    let op = match mark {
        "+" => Add,
        "-" => Subtract,
        "*" => Multiply,
        "/" => Divide,
        "%" => Modulo,
        "^" => Power,
        _ => return None,
    };
    Some(Box::new(op))
}

impl Arithmetic {
    fn longs(self, a: i64, b: i64) -> Result<i64> {
        Ok(match self {
            Add => a.wrapping_add(b),
            Subtract => a.wrapping_sub(b),
            Multiply => a.wrapping_mul(b),
            Divide if b == 0 => return Err(Error::evaluation("/", "division of a long by zero")),
            Divide => a.wrapping_div(b),
            Modulo if b == 0 => return Err(Error::evaluation("%", "division of a long by zero")),
            Modulo => a.wrapping_rem(b),
            Power => power(a, b),
        })
    }

    fn doubles(self, a: f64, b: f64) -> f64 {
        match self {
            Add => a + b,
            Subtract => a - b,
            Multiply => a * b,
            Divide => a / b,
            Modulo => a % b,
            Power => java_pow(a, b),
        }
    }

    fn scalars(self, a: &Scalar<'_>, b: &Scalar<'_>) -> Result<Scalar<'static>> {
        if a.is_null() || b.is_null() {
            return Ok(Scalar::Null);
        }
        if let (Scalar::Text(a), Scalar::Text(b)) = (a, b) {
            return match self {
                Add => Ok(Scalar::text(format!("{a}{b}"))),
                _ => Err(Error::evaluation(self.mark(), "has no meaning for two strings")),
            };
        }
        // A text beside a number is a double, whatever it holds.
        let is_text = |value: &Scalar<'_>| matches!(value, Scalar::Text(_));
        let both_long = !is_text(a) && !is_text(b);
        Ok(match (number(a), number(b)) {
            (Some(Scalar::Long(a)), Some(Scalar::Long(b))) if both_long => Scalar::Long(self.longs(a, b)?),
            (Some(a), Some(b)) => match (a.as_double(), b.as_double()) {
                (Some(a), Some(b)) => Scalar::Double(self.doubles(a, b)),
                _ => Scalar::Null,
            },
            _ => Scalar::Null,
        })
    }

    fn mark(self) -> &'static str {
        match self {
            Add => "+",
            Subtract => "-",
            Multiply => "*",
            Divide => "/",
            Modulo => "%",
            Power => "^",
        }
    }
}

/// Java's power: 1 to NaN is NaN, and so is 1 or -1 to an infinity.
pub(crate) fn java_pow(a: f64, b: f64) -> f64 {
    let undefined = b.is_nan() || (a.abs() == 1.0 && b.is_infinite());
    if undefined { f64::NAN } else { a.powf(b) }
}

/// Powers of longs wrap; a negative exponent is refused by no one and gives what integer division would.
fn power(base: i64, exponent: i64) -> i64 {
    match u32::try_from(exponent) {
        Ok(exponent) => base.wrapping_pow(exponent),
        Err(_) if exponent < 0 => java_pow(base as f64, exponent as f64) as i64,
        Err(_) => java_pow(base as f64, exponent as f64) as i64,
    }
}

pub(crate) fn number(value: &Scalar<'_>) -> Option<Scalar<'static>> {
    match value {
        Scalar::Long(value) => Some(Scalar::Long(*value)),
        Scalar::Double(value) => Some(Scalar::Double(*value)),
        Scalar::Text(text) => number_of(text),
        Scalar::Array(array) => match array.items.as_slice() {
            [only] => number(only),
            _ => None,
        },
        Scalar::Null | Scalar::Json(_) => None,
    }
}

impl Function for Arithmetic {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let (left, right) = (args[0].eval(frame)?, args[1].eval(frame)?);
        if let (Some(a), Some(b)) = (longs(&left), longs(&right)) {
            return long_result(*self, &a, &b, frame.num_rows);
        }
        if is_number(&left) && is_number(&right) {
            return Ok(Vector::Double(double_result(*self, &doubles(&left), &doubles(&right), frame.num_rows)));
        }
        let mut out = Builder::new(frame.num_rows);
        for row in 0..frame.num_rows {
            out.push(self.scalars(&left.get(row), &right.get(row))?)?;
        }
        Ok(out.finish())
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        numeric_output(args)
    }

    fn by_row(&self) -> Option<&dyn ByRow> {
        Some(self)
    }
}

impl ByRow for Arithmetic {
    fn row(&self, args: &[Scalar<'_>]) -> Result<Scalar<'static>> {
        match args {
            [left, right] => self.scalars(left, right),
            _ => Err(Error::evaluation(self.mark(), "needs two sides")),
        }
    }
}

/// Strings stay strings, longs stay longs, everything else is a double. Of two sides the known one counts.
pub(crate) fn numeric_output(args: &[Option<ExprType>]) -> Option<ExprType> {
    args.iter().copied().flatten().reduce(|a, b| match (a, b) {
        (ExprType::Array(kind), _) | (_, ExprType::Array(kind)) => ExprType::Array(kind),
        (a, b) if a == b => a,
        _ => ExprType::DOUBLE,
    })
}

/// One side of an operation on numbers: a value a row or the same for all.
pub(crate) enum Side<T: ArrowPrimitiveType> {
    Same(T::Native),
    Each(PrimitiveArray<T>),
}

impl<T: ArrowPrimitiveType> Side<T> {
    pub fn nulls(&self) -> Option<&NullBuffer> {
        match self {
            Side::Same(_) => None,
            Side::Each(values) => values.nulls(),
        }
    }
}

/// A vector whose rows are all longs or null.
pub(crate) fn longs(vector: &Vector) -> Option<Side<Int64Type>> {
    match vector {
        Vector::Constant(Scalar::Long(value), _) => Some(Side::Same(*value)),
        Vector::Long(values) => Some(Side::Each(values.clone())),
        _ => None,
    }
}

pub(crate) fn is_number(vector: &Vector) -> bool {
    matches!(vector, Vector::Constant(Scalar::Long(_) | Scalar::Double(_), _) | Vector::Long(_) | Vector::Double(_))
}

/// The rows of a vector of numbers as doubles.
pub(crate) fn doubles(vector: &Vector) -> Side<Float64Type> {
    match vector {
        Vector::Constant(value, num_rows) => match value.as_double() {
            Some(value) => Side::Same(value),
            None => Side::Each(PrimitiveArray::new_null(*num_rows)),
        },
        Vector::Double(values) => Side::Each(values.clone()),
        Vector::Long(values) => Side::Each(values.unary(|value| value as f64)),
        other => Side::Each((0..other.len()).map(|row| other.get(row).as_double()).collect()),
    }
}

/// Applies an operation that cannot fail to every row; null where a side is.
pub(crate) fn zip<T: ArrowPrimitiveType, O: ArrowPrimitiveType>(
    left: &Side<T>,
    right: &Side<T>,
    num_rows: usize,
    op: impl Fn(T::Native, T::Native) -> O::Native,
) -> PrimitiveArray<O> {
    let nulls = NullBuffer::union(left.nulls(), right.nulls());
    let values: Vec<O::Native> = match (left, right) {
        (Side::Same(a), Side::Same(b)) => vec![op(*a, *b); num_rows],
        (Side::Same(a), Side::Each(b)) => b.values().iter().map(|b| op(*a, *b)).collect(),
        (Side::Each(a), Side::Same(b)) => a.values().iter().map(|a| op(*a, *b)).collect(),
        (Side::Each(a), Side::Each(b)) => a.values().iter().zip(b.values()).map(|(a, b)| op(*a, *b)).collect(),
    };
    PrimitiveArray::new(values.into(), nulls)
}

fn long_result(op: Arithmetic, a: &Side<Int64Type>, b: &Side<Int64Type>, num_rows: usize) -> Result<Vector> {
    Ok(Vector::Long(match op {
        Add => zip(a, b, num_rows, i64::wrapping_add),
        Subtract => zip(a, b, num_rows, i64::wrapping_sub),
        Multiply => zip(a, b, num_rows, i64::wrapping_mul),
        Power => zip(a, b, num_rows, power),
        Divide | Modulo => {
            if divides_by_zero(a, b) {
                return Err(Error::evaluation(op.mark(), "division of a long by zero"));
            }
            let divide = op == Divide;
            // A null row may hold any divisor, zero too.
            let apply = |a: i64, b: i64| if divide { a.wrapping_div(b) } else { a.wrapping_rem(b) };
            zip(a, b, num_rows, |a, b| if b == 0 { 0 } else { apply(a, b) })
        }
    }))
}

/// A loop for each operation.
fn double_result(op: Arithmetic, a: &Side<Float64Type>, b: &Side<Float64Type>, num_rows: usize) -> Float64Array {
    match op {
        Add => zip(a, b, num_rows, |a, b| a + b),
        Subtract => zip(a, b, num_rows, |a, b| a - b),
        Multiply => zip(a, b, num_rows, |a, b| a * b),
        Divide => zip(a, b, num_rows, |a, b| a / b),
        Modulo => zip(a, b, num_rows, |a, b| a % b),
        Power => zip(a, b, num_rows, java_pow),
    }
}

fn divides_by_zero(left: &Side<Int64Type>, right: &Side<Int64Type>) -> bool {
    let left_is_valid = |row: usize| left.nulls().is_none_or(|nulls| nulls.is_valid(row));
    match right {
        Side::Same(divisor) => {
            let some_row = match left {
                Side::Same(_) => true,
                Side::Each(values) => values.null_count() < values.len(),
            };
            *divisor == 0 && some_row
        }
        Side::Each(values) => {
            (0..values.len()).any(|row| values.value(row) == 0 && values.is_valid(row) && left_is_valid(row))
        }
    }
}

struct Negate;

pub(crate) fn negate() -> Box<dyn Function> {
    Box::new(Negate)
}

impl Function for Negate {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let value = args[0].eval(frame)?;
        match &value {
            Vector::Long(values) => return Ok(Vector::Long(values.unary(i64::wrapping_neg))),
            Vector::Double(values) => return Ok(Vector::Double(values.unary(|v: f64| -v))),
            _ => {}
        }
        let mut out = Builder::new(frame.num_rows);
        for row in 0..frame.num_rows {
            out.push(match number(&value.get(row)) {
                Some(Scalar::Long(value)) => Scalar::Long(value.wrapping_neg()),
                Some(Scalar::Double(value)) => Scalar::Double(-value),
                _ => Scalar::Null,
            })?;
        }
        Ok(out.finish())
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        match args.first().copied().flatten()? {
            ExprType::Scalar(Kind::Long) => Some(ExprType::LONG),
            _ => Some(ExprType::DOUBLE),
        }
    }
}
