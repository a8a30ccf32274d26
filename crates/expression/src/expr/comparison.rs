//! `< <= > >= == !=`: 1 or 0, null when a side is null.

use std::cmp::Ordering;

use arrow_array::Int64Array;
use arrow_array::types::Float64Type;
use dialect::order;

use super::arithmetic::{Side, doubles, is_number, longs, number, zip};
use super::builder::Builder;
use super::node::{Frame, Function, Node};
use super::scalar::{ExprType, Scalar, compare_arrays};
use super::vector::Vector;
use crate::Result;
use crate::numbers::key;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

pub(crate) fn operator(mark: &str) -> Option<Box<dyn Function>> {
    let op = match mark {
        "<" => Less,
        "<=" => LessOrEqual,
        ">" => Greater,
        ">=" => GreaterOrEqual,
        "==" => Equal,
        "!=" => NotEqual,
        _ => return None,
    };
    Some(Box::new(op))
}

impl Comparison {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Less => order.is_lt(),
            LessOrEqual => order.is_le(),
            Greater => order.is_gt(),
            GreaterOrEqual => order.is_ge(),
            Equal => order.is_eq(),
            NotEqual => order.is_ne(),
        }
    }

    /// Nothing equals NaN, yet in order it comes after all else.
    fn doubles(self, a: f64, b: f64) -> bool {
        match self {
            Equal => a == b,
            NotEqual => a != b,
            Less | LessOrEqual | Greater | GreaterOrEqual => self.holds(key(a).cmp(&key(b))),
        }
    }

    /// `None` when a side is null or no number where one is needed.
    pub fn scalars(self, a: &Scalar<'_>, b: &Scalar<'_>) -> Option<bool> {
        match (a, b) {
            (Scalar::Null, _) | (_, Scalar::Null) => None,
            (Scalar::Text(a), Scalar::Text(b)) => Some(self.holds(order::compare(a, b))),
            (Scalar::Array(_), _) | (_, Scalar::Array(_)) => {
                Some(self.holds(compare_arrays(&*a.as_array()?, &*b.as_array()?)))
            }
            (Scalar::Long(a), Scalar::Long(b)) => Some(self.holds(a.cmp(b))),
            _ => match (number(a)?, number(b)?) {
                (Scalar::Long(a), Scalar::Long(b)) => Some(self.holds(a.cmp(&b))),
                (a, b) => Some(self.doubles(a.as_double()?, b.as_double()?)),
            },
        }
    }

    /// As `doubles`, a loop for each comparison.
    fn double_sides(self, a: &Side<Float64Type>, b: &Side<Float64Type>, num_rows: usize) -> Int64Array {
        match self {
            Less => zip(a, b, num_rows, |a, b| is_less(a, b).into()),
            LessOrEqual => zip(a, b, num_rows, |a, b| (!is_less(b, a)).into()),
            Greater => zip(a, b, num_rows, |a, b| is_less(b, a).into()),
            GreaterOrEqual => zip(a, b, num_rows, |a, b| (!is_less(a, b)).into()),
            Equal => zip(a, b, num_rows, |a, b| (a == b).into()),
            NotEqual => zip(a, b, num_rows, |a, b| (a != b).into()),
        }
    }

    /// Whether texts of a dictionary are one text or are not.
    fn codes(self, each: &Vector, text: &Vector) -> Option<Int64Array> {
        let (Vector::Coded { codes, dictionary }, Vector::Constant(Scalar::Text(text), _)) = (each, text) else {
            return None;
        };
        let (wanted, null) = (dictionary.code_of(Some(text)), dictionary.code_of(None));
        let is_wanted = match self {
            Equal => true,
            NotEqual => false,
            Less | LessOrEqual | Greater | GreaterOrEqual => return None,
        };
        let truths = codes.iter().map(|code| i64::from((Some(*code) == wanted) == is_wanted));
        let nulls = null.filter(|null| codes.contains(null));
        let nulls = nulls.map(|null| codes.iter().map(|code| *code != null).collect());
        Some(Int64Array::new(truths.collect(), nulls))
    }

    fn longs(self, a: &Vector, b: &Vector, num_rows: usize) -> Option<Int64Array> {
        let (a, b) = (longs(a)?, longs(b)?);
        Some(match self {
            Less => zip(&a, &b, num_rows, |a, b| (a < b).into()),
            LessOrEqual => zip(&a, &b, num_rows, |a, b| (a <= b).into()),
            Greater => zip(&a, &b, num_rows, |a, b| (a > b).into()),
            GreaterOrEqual => zip(&a, &b, num_rows, |a, b| (a >= b).into()),
            Equal => zip(&a, &b, num_rows, |a, b| (a == b).into()),
            NotEqual => zip(&a, &b, num_rows, |a, b| (a != b).into()),
        })
    }
}

/// As `key` orders doubles, without a branch: zeros by their signs, NaN last.
#[inline(always)]
fn is_less(a: f64, b: f64) -> bool {
    let is_lesser_zero = (a == b) & ((a.to_bits() & !b.to_bits()) >> 63 == 1);
    (a < b) | is_lesser_zero | (b.is_nan() & !a.is_nan())
}

impl Function for Comparison {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let (left, right) = (args[0].eval(frame)?, args[1].eval(frame)?);
        if let Some(result) = self.longs(&left, &right, frame.num_rows) {
            return Ok(Vector::Long(result));
        }
        if is_number(&left) && is_number(&right) {
            return Ok(Vector::Long(self.double_sides(&doubles(&left), &doubles(&right), frame.num_rows)));
        }
        if let Some(result) = self.codes(&left, &right).or_else(|| self.codes(&right, &left)) {
            return Ok(Vector::Long(result));
        }
        let mut out = Builder::new(frame.num_rows);
        for row in 0..frame.num_rows {
            out.push(self.scalars(&left.get(row), &right.get(row)).map_or(Scalar::Null, Scalar::from_bool))?;
        }
        Ok(out.finish())
    }

    fn output(&self, _args: &[Option<ExprType>]) -> Option<ExprType> {
        Some(ExprType::LONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_are_compared_as_their_keys() {
        let values = [f64::NEG_INFINITY, -2.5, -1.0, -0.0, 0.0, 1.0, 2.5, f64::INFINITY, f64::NAN, -f64::NAN];
        let pairs: Vec<(f64, f64)> = values.iter().flat_map(|a| values.map(|b| (*a, b))).collect();
        let side = |values: Vec<f64>| Side::Each(values.into());
        let a = side(pairs.iter().map(|(a, _)| *a).collect());
        let b = side(pairs.iter().map(|(_, b)| *b).collect());
        for op in [Less, LessOrEqual, Greater, GreaterOrEqual, Equal, NotEqual] {
            let compared = op.double_sides(&a, &b, pairs.len());
            for (row, (a, b)) in pairs.iter().enumerate() {
                assert_eq!(compared.value(row) == 1, op.doubles(*a, *b), "{a} {op:?} {b}");
            }
        }
    }
}
