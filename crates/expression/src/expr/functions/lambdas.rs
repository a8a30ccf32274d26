//! Functions that run a lambda over the elements of arrays.

use std::collections::BTreeSet;

use super::{ArrayArgs, Call, FunctionKind, MANY};
use crate::Result;
use crate::expr::lambda::{Expanded, Lambda, expand, vector_of};
use crate::expr::node::{Frame, Function, Node};
use crate::expr::scalar::{ExprType, Kind, Scalar};
use crate::expr::vector::Vector;

pub(super) const KINDS: &[FunctionKind] = &[
    kind("map", 2..=2, |call| apply(call, 1, Form::Map)),
    kind("cartesian_map", 3..=MANY, |call| {
        let arrays = call.args.len();
        apply(call, arrays, Form::Map)
    }),
    kind("filter", 2..=2, |call| apply(call, 1, Form::Filter)),
    kind("any", 2..=2, |call| apply(call, 1, Form::Any)),
    kind("all", 2..=2, |call| apply(call, 1, Form::All)),
    kind("fold", 3..=3, |call| apply(call, 2, Form::Fold)),
    kind("cartesian_fold", 4..=MANY, |call| {
        let parameters = call.args.len();
        apply(call, parameters, Form::Fold)
    }),
];

const fn kind(
    name: &'static str,
    arity: std::ops::RangeInclusive<usize>,
    build: fn(Call<'_>) -> Result<Box<dyn Function>>,
) -> FunctionKind {
    FunctionKind::new(name, arity, build).arrays(ArrayArgs::All).lambda()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Map,
    Filter,
    Any,
    All,
    /// The last argument is the first value of the accumulator, the last parameter the accumulator.
    Fold,
}

struct Apply {
    lambda: Lambda,
    form: Form,
}

fn apply(call: Call<'_>, num_parameters: usize, form: Form) -> Result<Box<dyn Function>> {
    let name = call.name;
    match call.lambda {
        Some(lambda) if lambda.parameters.len() == num_parameters => Ok(Box::new(Apply { lambda, form })),
        Some(lambda) => Err(crate::Error::invalid(format!(
            "{name}: the lambda must have {num_parameters} parameters, it has {}",
            lambda.parameters.len()
        ))),
        None => Err(crate::Error::invalid(format!("{name}: the first argument must be a lambda"))),
    }
}

impl Function for Apply {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let mut inputs = args.iter().map(|arg| arg.eval(frame)).collect::<Result<Vec<_>>>()?;
        let initial = if self.form == Form::Fold { inputs.pop() } else { None };
        let nulls = |row: usize| inputs.iter().any(|input| input.get(row).is_null());
        let is_null: Vec<bool> = (0..frame.num_rows).map(nulls).collect();
        let expanded = expand(&inputs, frame.num_rows, false)?;
        match initial {
            Some(initial) => self.fold(frame, &expanded, initial, &is_null),
            None => self.each(frame, &expanded, &inputs, &is_null),
        }
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        let element = args.first().copied().flatten();
        match self.form {
            Form::Map => {
                let parameters = &self.lambda.parameters;
                let mut slots = vec![None; parameters.iter().max().map_or(0, |slot| slot + 1)];
                for (slot, arg) in parameters.iter().zip(args) {
                    slots[*slot] = arg.map(|t| ExprType::Scalar(t.element()));
                }
                self.lambda.body.output(&slots).map(|t| ExprType::Array(t.element()))
            }
            // The array itself with less in it: of a multi-value column that is text.
            Form::Filter => element,
            Form::Any | Form::All => Some(ExprType::LONG),
            Form::Fold => args.last().copied().flatten(),
        }
    }

    fn slots(&self, out: &mut BTreeSet<usize>) {
        self.lambda.slots(out);
    }
}

impl Apply {
    fn each(&self, frame: &Frame<'_>, expanded: &Expanded, inputs: &[Vector], is_null: &[bool]) -> Result<Vector> {
        let results = self.lambda.eval(frame, &expanded.rows, expanded.values.clone())?;
        let rows = expanded.lists(&results).enumerate().map(|(row, results)| match self.form {
            Form::Any | Form::All if is_null[row] => Scalar::from_bool(false),
            _ if is_null[row] => Scalar::Null,
            Form::Map => Scalar::array(results, Kind::Text),
            Form::Any => Scalar::from_bool(results.iter().any(Scalar::is_true)),
            Form::All => Scalar::from_bool(results.iter().all(Scalar::is_true)),
            Form::Filter | Form::Fold => kept(&inputs[0].get(row), &results),
        });
        vector_of(rows.collect())
    }

    /// One element of every row at a time, so that the body still runs over many rows.
    fn fold(&self, frame: &Frame<'_>, expanded: &Expanded, initial: Vector, is_null: &[bool]) -> Result<Vector> {
        let mut states: Vec<Scalar<'static>> = (0..frame.num_rows).map(|row| initial.get(row).into_owned()).collect();
        let lengths: Vec<usize> = expanded.starts.windows(2).map(|ends| ends[1] - ends[0]).collect();
        for step in 0..lengths.iter().copied().max().unwrap_or(0) {
            let rows: Vec<u32> = expanded.rows_at(&lengths, step);
            let at: Vec<u32> = rows.iter().map(|row| (expanded.starts[*row as usize] + step) as u32).collect();
            let mut parameters: Vec<Vector> = expanded.values.iter().map(|values| values.take(&at)).collect();
            parameters.push(vector_of(rows.iter().map(|row| states[*row as usize].clone()).collect())?);
            let results = self.lambda.eval(frame, &rows, parameters)?;
            for (at, row) in rows.iter().enumerate() {
                states[*row as usize] = results.get(at).into_owned();
            }
        }
        let states = states.into_iter().zip(is_null).map(|(state, null)| if *null { Scalar::Null } else { state });
        vector_of(states.collect())
    }
}

impl Expanded {
    /// Rows that have more than `step` combinations.
    fn rows_at(&self, lengths: &[usize], step: usize) -> Vec<u32> {
        lengths.iter().zip(0u32..).filter(|(length, _)| **length > step).map(|(_, row)| row).collect()
    }
}

/// The elements whose verdict is true.
fn kept(array: &Scalar<'_>, verdicts: &[Scalar<'static>]) -> Scalar<'static> {
    match array.as_array() {
        None => Scalar::Null,
        Some(array) => {
            let kept = array.items.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_true());
            Scalar::array_of(array.kind, kept.map(|(item, _)| item.clone()).collect())
        }
    }
}
