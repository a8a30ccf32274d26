//! `&&`, `||` and `!`: three-valued, and no operand is looked at for rows that are decided.

use arrow_array::{Array, Int64Array};

use super::node::{Frame, Function, Node};
use super::scalar::ExprType;
use super::vector::Vector;
use crate::Result;

/// A chain of one operator. `decisive` is the truth that settles a row.
struct Chain {
    decisive: bool,
}

pub(crate) fn chain(mark: &str) -> Box<dyn Function> {
    Box::new(Chain { decisive: mark == "||" })
}

impl Function for Chain {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let mut state: Vec<Option<bool>> = vec![Some(!self.decisive); frame.num_rows];
        let mut open: Vec<u32> = (0..frame.num_rows).map(|row| row as u32).collect();
        for arg in args {
            if open.is_empty() {
                break;
            }
            let values = arg.eval_rows(frame, &open)?;
            let mut settle = |row: u32, truth: Option<bool>| match truth {
                Some(truth) if truth == self.decisive => state[row as usize] = Some(truth),
                Some(_) => {}
                None => state[row as usize] = None,
            };
            match &values {
                Vector::Long(values) if values.null_count() == 0 => {
                    open.iter().zip(values.values()).for_each(|(row, value)| settle(*row, Some(*value > 0)));
                }
                values => open.iter().enumerate().for_each(|(at, row)| {
                    let value = values.get(at);
                    settle(*row, (!value.is_null()).then(|| value.is_true()));
                }),
            }
            open.retain(|row| state[*row as usize] != Some(self.decisive));
        }
        if state.iter().all(Option::is_some) {
            let truths = state.iter().map(|truth| i64::from(*truth == Some(true)));
            return Ok(Vector::Long(Int64Array::from_iter_values(truths)));
        }
        Ok(Vector::Long(state.into_iter().map(|truth| truth.map(i64::from)).collect::<Int64Array>()))
    }

    fn output(&self, _args: &[Option<ExprType>]) -> Option<ExprType> {
        Some(ExprType::LONG)
    }
}

struct Not;

pub(crate) fn not() -> Box<dyn Function> {
    Box::new(Not)
}

impl Function for Not {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let values = args[0].eval(frame)?;
        if let Vector::Long(values) = &values {
            return Ok(Vector::Long(values.unary(|value| i64::from(value <= 0))));
        }
        let turned = (0..frame.num_rows).map(|row| {
            let value = values.get(row);
            (!value.is_null()).then(|| i64::from(!value.is_true()))
        });
        Ok(Vector::Long(turned.collect::<Int64Array>()))
    }

    fn output(&self, _args: &[Option<ExprType>]) -> Option<ExprType> {
        Some(ExprType::LONG)
    }
}
