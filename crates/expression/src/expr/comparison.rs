//! `< <= > >= == !=`: 1 or 0, null when a side is null.

use std::cmp::Ordering;

use arrow_array::Int64Array;
use dialect::order;

use super::arithmetic::{doubles, is_number, longs, number, zip};
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

impl Function for Comparison {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let (left, right) = (args[0].eval(frame)?, args[1].eval(frame)?);
        if let Some(result) = self.longs(&left, &right, frame.num_rows) {
            return Ok(Vector::Long(result));
        }
        if is_number(&left) && is_number(&right) {
            let compared = zip(&doubles(&left), &doubles(&right), frame.num_rows, |a, b| self.doubles(a, b).into());
            return Ok(Vector::Long(compared));
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
