//! Casts, conditions and null handling.

use std::collections::BTreeSet;

use arrow_array::types::Float64Type;
use arrow_array::{Array, ArrowPrimitiveType, Float64Array, PrimitiveArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};

use super::shared::truth;
use super::{Call, FunctionKind, LONG, MANY, Output, rows};
use crate::Result;
use crate::expr::arithmetic::{Side, doubles, is_number, longs as longs_of};
use crate::expr::builder::Builder;
use crate::expr::cast::{cast, type_of};
use crate::expr::comparison::Comparison;
use crate::expr::node::{Frame, Function, Node};
use crate::expr::scalar::{self, ExprType, Scalar, wider};
use crate::expr::vector::Vector;
use crate::java_regex;

pub(super) const KINDS: &[FunctionKind] = &[
    FunctionKind::new("cast", 2..=2, cast_to),
    FunctionKind::new("if", 3..=3, |_| Ok(Box::new(Cases { form: Form::Searched }))),
    FunctionKind::new("case_searched", 2..=MANY, |_| Ok(Box::new(Cases { form: Form::Searched }))),
    FunctionKind::new("case_simple", 3..=MANY, |_| Ok(Box::new(Cases { form: Form::Simple }))),
    FunctionKind::new("coalesce", 1..=MANY, |_| Ok(Box::new(Coalesce))),
    FunctionKind::new("nvl", 2..=2, |_| Ok(Box::new(Coalesce))),
    FunctionKind::new("isnull", 1..=1, |_| rows(LONG, |args| Ok(Scalar::from_bool(args[0].is_null())))),
    FunctionKind::new("notnull", 1..=1, |_| rows(LONG, |args| Ok(Scalar::from_bool(!args[0].is_null())))),
    FunctionKind::new("istrue", 1..=1, |_| rows(LONG, |args| Ok(Scalar::from_bool(args[0].is_true())))),
    FunctionKind::new("isfalse", 1..=1, |_| {
        rows(LONG, |args| Ok(Scalar::from_bool(!args[0].is_null() && !args[0].is_true())))
    }),
    FunctionKind::new("nottrue", 1..=1, |_| rows(LONG, |args| Ok(Scalar::from_bool(!args[0].is_true())))),
    FunctionKind::new("notfalse", 1..=1, |_| {
        rows(LONG, |args| Ok(Scalar::from_bool(args[0].is_null() || args[0].is_true())))
    }),
    FunctionKind::new("isdistinctfrom", 2..=2, |_| {
        rows(LONG, |args| Ok(Scalar::from_bool(is_distinct(&args[0], &args[1]))))
    }),
    FunctionKind::new("notdistinctfrom", 2..=2, |_| {
        rows(LONG, |args| Ok(Scalar::from_bool(!is_distinct(&args[0], &args[1]))))
    }),
    FunctionKind::new("like", 2..=3, like),
    FunctionKind::new("greatest", 0..=MANY, |_| rows(Output::Widest, |args| Ok(extreme(args, true)))),
    FunctionKind::new("least", 0..=MANY, |_| rows(Output::Widest, |args| Ok(extreme(args, false)))),
];

/// A cast takes a whole array only where an array is asked for; that is known from the type, which is a constant.
fn cast_to(call: Call<'_>) -> Result<Box<dyn Function>> {
    let name = call.literal_text(1, "type")?.ok_or_else(|| call.error("the type must not be null"))?;
    let to = type_of(&name).ok_or_else(|| call.error(format!("unknown type '{name}'")))?;
    rows(Output::Is(to), move |args| Ok(cast(args[0].clone(), to)))
}

fn is_distinct(a: &Scalar<'_>, b: &Scalar<'_>) -> bool {
    match (a.is_null(), b.is_null()) {
        (true, true) => false,
        (false, false) => Comparison::NotEqual.scalars(a, b).unwrap_or(true),
        _ => true,
    }
}

fn like(call: Call<'_>) -> Result<Box<dyn Function>> {
    let pattern = call.literal_text(1, "pattern")?;
    let escape = call.literal_text(2, "escape")?;
    let escape = match escape.as_deref().map(|text| (text.chars().next(), text.chars().count())) {
        None => None,
        Some((Some(c), 1)) => Some(c),
        Some(_) => return Err(call.error("the escape must be one character")),
    };
    let regex = pattern.map(|pattern| java_regex::like(&pattern, escape)).transpose()?;
    rows(LONG, move |args| Ok(truth(regex.as_ref().zip(args[0].as_text()).map(|(regex, text)| regex.is_match(&text)))))
}

/// The largest or smallest that is not null: as text if one is, else as doubles if one is.
fn extreme<'a>(args: &[Scalar<'a>], largest: bool) -> Scalar<'a> {
    let Some(kind) = args.iter().filter_map(Scalar::kind).reduce(wider) else { return Scalar::Null };
    let values = args.iter().filter(|value| !value.is_null()).map(|value| value.clone().cast(kind));
    let better = |a: Scalar<'a>, b: Scalar<'a>| {
        let order = scalar::compare(&b, &a, kind);
        if (largest && order.is_gt()) || (!largest && order.is_lt()) { b } else { a }
    };
    values.reduce(better).unwrap_or(Scalar::Null)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Condition, result, condition, result, .. otherwise.
    Searched,
    /// Value, candidate, result, candidate, result, .. otherwise.
    Simple,
}

/// A result is computed only for the rows that ask for it.
struct Cases {
    form: Form,
}

impl Cases {
    /// What `result` gives for the rows that ask for it.
    fn parts(
        &self,
        args: &[Node],
        frame: &Frame<'_>,
        result_of: impl Fn(&Node, &[u32]) -> Result<Vector>,
    ) -> Result<Vec<(Vector, Vec<u32>)>> {
        let (value, rest) = match self.form {
            Form::Searched => (None, args),
            Form::Simple => (Some(args[0].eval(frame)?), &args[1..]),
        };
        let mut open: Vec<u32> = (0..frame.num_rows).map(|row| row as u32).collect();
        let mut parts = Vec::new();
        for pair in rest.chunks(2) {
            let [condition, result] = pair else {
                parts.push((result_of(&pair[0], &open)?, std::mem::take(&mut open)));
                break;
            };
            let conditions = condition.eval_rows(frame, &open)?;
            let mut holds = vec![false; open.len()];
            match &value {
                None => conditions.truth(|at, is_true| holds[at] = is_true),
                Some(value) => holds.iter_mut().enumerate().for_each(|(at, holds)| {
                    let value = value.get(open[at] as usize);
                    *holds = Comparison::Equal.scalars(&value, &conditions.get(at)) == Some(true);
                }),
            }
            let rows = |wanted: bool| open.iter().zip(&holds).filter(move |(_, holds)| **holds == wanted);
            let yes: Vec<u32> = rows(true).map(|(row, _)| *row).collect();
            open = rows(false).map(|(row, _)| *row).collect();
            if !yes.is_empty() {
                parts.push((result_of(result, &yes)?, yes));
            }
            if open.is_empty() {
                break;
            }
        }
        Ok(parts)
    }
}

impl Cases {
    /// One condition and results that cost nothing, as doubles without nulls: both are read for all rows.
    fn either(&self, args: &[Node], frame: &Frame<'_>) -> Result<Option<Float64Array>> {
        let [condition, yes, no] = args else { return Ok(None) };
        let plain = |node: &Node| match node {
            Node::Literal(Scalar::Double(value)) => Some(Side::Same(*value)),
            Node::Literal(Scalar::Long(value)) => Some(Side::Same(*value as f64)),
            Node::Slot(slot) if is_number(&frame.slots[*slot]) => {
                Some(doubles(&frame.slots[*slot])).filter(|side| side.nulls().is_none())
            }
            Node::Slot(_) | Node::Literal(_) | Node::Call { .. } => None,
        };
        let (Form::Searched, Some(yes), Some(no)) = (self.form, plain(yes), plain(no)) else { return Ok(None) };
        let Vector::Long(truths) = condition.eval(frame)? else { return Ok(None) };
        if truths.null_count() > 0 {
            return Ok(None);
        }
        let rows = truths.values().iter().map(|truth| *truth > 0);
        let chosen: Vec<f64> = match (yes, no) {
            (Side::Same(yes), Side::Same(no)) => rows.map(|is_true| either_of(is_true, yes, no)).collect(),
            (Side::Each(yes), Side::Same(no)) => chosen(rows, yes.values().iter().copied(), std::iter::repeat(no)),
            (Side::Same(yes), Side::Each(no)) => chosen(rows, std::iter::repeat(yes), no.values().iter().copied()),
            (Side::Each(yes), Side::Each(no)) => {
                chosen(rows, yes.values().iter().copied(), no.values().iter().copied())
            }
        };
        Ok(Some(chosen.into()))
    }
}

fn chosen(rows: impl Iterator<Item = bool>, yes: impl Iterator<Item = f64>, no: impl Iterator<Item = f64>) -> Vec<f64> {
    rows.zip(yes.zip(no)).map(|(is_true, (yes, no))| either_of(is_true, yes, no)).collect()
}

/// There is no foreseeing which, so that no branch tries to.
#[inline(always)]
fn either_of(is_true: bool, yes: f64, no: f64) -> f64 {
    let mask = u64::from(is_true).wrapping_neg();
    f64::from_bits(yes.to_bits() & mask | no.to_bits() & !mask)
}

impl Function for Cases {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        gather(frame.num_rows, self.parts(args, frame, |result, rows| result.eval_rows(frame, rows))?)
    }

    fn eval_doubles(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        if let Some(doubles) = self.either(args, frame)? {
            return Ok(Vector::Double(doubles));
        }
        let parts = self.parts(args, frame, |result, rows| {
            Ok(match result.eval_rows_doubles(frame, rows)? {
                Vector::Constant(Scalar::Long(value), num_rows) => {
                    Vector::Constant(Scalar::Double(value as f64), num_rows)
                }
                Vector::Long(values) => Vector::Double(values.unary(|value| value as f64)),
                other => other,
            })
        })?;
        gather(frame.num_rows, parts)
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        let rest = if self.form == Form::Simple { args.get(1..).unwrap_or_default() } else { args };
        let results: Vec<_> = rest.chunks(2).filter_map(|pair| pair.last().copied()).collect();
        Output::Widest.of(&results)
    }
}

/// Puts results back to the rows they belong to; rows without one are null.
fn gather(num_rows: usize, mut parts: Vec<(Vector, Vec<u32>)>) -> Result<Vector> {
    if let Some(at) = parts.iter().position(|(_, rows)| rows.len() == num_rows) {
        return Ok(parts.swap_remove(at).0);
    }
    if let Some(doubles) = scattered(num_rows, &parts, doubles_of) {
        return Ok(Vector::Double(doubles));
    }
    if let Some(longs) = scattered(num_rows, &parts, longs_of) {
        return Ok(Vector::Long(longs));
    }
    let mut from = vec![(usize::MAX, 0); num_rows];
    for (part, (_, rows)) in parts.iter().enumerate() {
        rows.iter().enumerate().for_each(|(at, row)| from[*row as usize] = (part, at));
    }
    let mut out = Builder::new(num_rows);
    for (part, at) in from {
        out.push(parts.get(part).map_or(Scalar::Null, |(values, _)| values.get(at)))?;
    }
    Ok(out.finish())
}

/// `None` when some part is of another type.
fn scattered<T: ArrowPrimitiveType>(
    num_rows: usize,
    parts: &[(Vector, Vec<u32>)],
    side_of: impl Fn(&Vector) -> Option<Side<T>>,
) -> Option<PrimitiveArray<T>> {
    let mut values = vec![T::default_value(); num_rows];
    let mut is_there = BooleanBufferBuilder::new(num_rows);
    is_there.append_n(num_rows, false);
    for (part, rows) in parts {
        match side_of(part)? {
            Side::Same(value) => rows.iter().for_each(|row| values[*row as usize] = value),
            Side::Each(each) => rows.iter().zip(each.values()).for_each(|(row, value)| values[*row as usize] = *value),
        }
        let nulls = match part {
            Vector::Long(values) => values.nulls(),
            Vector::Double(values) => values.nulls(),
            _ => None,
        };
        let valid = rows.iter().enumerate().filter(|(at, _)| nulls.is_none_or(|nulls| nulls.is_valid(*at)));
        valid.for_each(|(_, row)| is_there.set_bit(*row as usize, true));
    }
    let nulls = NullBuffer::new(is_there.finish());
    Some(PrimitiveArray::new(values.into(), Some(nulls).filter(|nulls| nulls.null_count() > 0)))
}

fn doubles_of(vector: &Vector) -> Option<Side<Float64Type>> {
    match vector {
        Vector::Constant(Scalar::Double(value), _) => Some(Side::Same(*value)),
        Vector::Double(values) => Some(Side::Each(values.clone())),
        _ => None,
    }
}

struct Coalesce;

impl Function for Coalesce {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        let mut open: Vec<u32> = (0..frame.num_rows).map(|row| row as u32).collect();
        let mut parts = Vec::new();
        for arg in args {
            if open.is_empty() {
                break;
            }
            let values = arg.eval_rows(frame, &open)?;
            let nulls: BTreeSet<usize> = (0..open.len()).filter(|at| values.get(*at).is_null()).collect();
            if nulls.is_empty() {
                parts.push((values, std::mem::take(&mut open)));
                break;
            }
            let rest: Vec<u32> = nulls.iter().map(|at| open[*at]).collect();
            let kept: Vec<u32> = (0u32..).take(open.len()).filter(|at| !nulls.contains(&(*at as usize))).collect();
            parts.push((values.take(&kept), kept.iter().map(|at| open[*at as usize]).collect()));
            open = rest;
        }
        gather(frame.num_rows, parts)
    }

    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType> {
        Output::Widest.of(args)
    }
}
