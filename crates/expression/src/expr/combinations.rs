//! An expression over columns that hold few different values: evaluated once for each combination of these.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary, Scale};
use arrow_array::{Array, ArrayRef, UInt32Array};
use segment::{ColumnRef, NumberCodes, PackedNumbers, ReadCodes, SegmentRef, TIME_COLUMN, codes_of, widen};

use super::bound::BoundInput;
use super::node::Node;
use super::vector::Vector;
use super::{BoundExpr, Read, Wanted};
use crate::Result;
use crate::steps::{Steps, divisor};

/// Most combinations that are evaluated.
const MAX_COMBINATIONS: usize = 1 << 20;
/// Rows for each combination, so that evaluating all of them pays.
const MIN_ROWS_EACH: usize = 4;

/// Columns by their codes; a combination is a code of each.
pub(crate) struct Combinations {
    axes: Vec<Axis>,
    num_rows: usize,
    len: usize,
}

struct Axis {
    input: BoundInput,
    codes: AxisCodes,
    len: usize,
}

enum AxisCodes {
    Texts(ColumnRef, Arc<dyn Dictionary>),
    Numbers(NumberCodes),
    Packed(PackedNumbers),
    Times(Steps),
}

impl Axis {
    fn of(input: &BoundInput, root: &Node, slots: &[usize], segment: &SegmentRef) -> Option<Axis> {
        let column = &input.column;
        let codes = match column.column_type() {
            ColumnType::String if !column.is_multi_value() => AxisCodes::Texts(column.clone(), column.dictionary()?),
            ColumnType::Long | ColumnType::Double if let Some(numbers) = column.number_codes() => {
                AxisCodes::Numbers(numbers.clone())
            }
            ColumnType::Long | ColumnType::Double
                if let Some(packed) =
                    column.packed().filter(|packed| input.name != TIME_COLUMN && !packed.has_nulls()) =>
            {
                AxisCodes::Packed(packed.clone())
            }
            ColumnType::Long if input.name == TIME_COLUMN => {
                let step_ms = step_ms(root, slots)?;
                AxisCodes::Times(Steps::of(segment.sorted_times()?, segment.num_rows(), step_ms)?)
            }
            _ => return None,
        };
        let len = match &codes {
            AxisCodes::Texts(_, dictionary) => dictionary.len(),
            AxisCodes::Numbers(numbers) => numbers.values().len(),
            AxisCodes::Packed(packed) => usize::try_from(packed.max()).ok()?.checked_add(1)?,
            AxisCodes::Times(steps) => steps.len(),
        };
        Some(Axis { input: input.clone(), codes, len })
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        match &self.codes {
            AxisCodes::Texts(column, _) => column.read(rows),
            AxisCodes::Numbers(numbers) => numbers.read(rows),
            AxisCodes::Packed(packed) => packed.read_stored(rows),
            AxisCodes::Times(steps) => steps.read(rows),
        }
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        match &self.codes {
            AxisCodes::Texts(column, _) => column.take(rows),
            AxisCodes::Numbers(numbers) => numbers.take(rows),
            AxisCodes::Packed(packed) => packed.take_stored(rows),
            AxisCodes::Times(steps) => steps.take(rows),
        }
    }

    /// What codes stand for; times by the first or the last of their step.
    fn values(&self, codes: Vec<u32>, by_lasts: bool) -> Result<Vector> {
        match &self.codes {
            AxisCodes::Texts(_, dictionary) => {
                Ok(Vector::Coded { codes: codes.into(), dictionary: dictionary.clone() })
            }
            AxisCodes::Numbers(numbers) => Vector::from_arrow(&numbers.numbers(&UInt32Array::from(codes))),
            AxisCodes::Packed(packed) => Ok(match packed.scale() {
                scale @ Scale::Long { .. } => {
                    Vector::Long(codes.into_iter().map(|code| Some(scale.long(code))).collect())
                }
                scale @ Scale::Double { .. } => {
                    Vector::Double(codes.into_iter().map(|code| Some(scale.double(code))).collect())
                }
            }),
            AxisCodes::Times(steps) => {
                let times = if by_lasts { steps.lasts() } else { steps.firsts() };
                Ok(Vector::Long(codes.into_iter().map(|code| Some(times.value(code as usize))).collect()))
            }
        }
    }
}

/// Milliseconds within which a part of an expression stays the same, whole ones since the epoch; 0 when always, `None`
/// when not known. `times` are the slots of the time.
fn step_ms(node: &Node, times: &[usize]) -> Option<i64> {
    match node {
        Node::Literal(_) => Some(0),
        Node::Slot(slot) => (!times.contains(slot)).then_some(0),
        Node::Call { function, args } => {
            let of_time = matches!(args.first(), Some(Node::Slot(slot)) if times.contains(slot));
            let own = function.step_ms().filter(|_| of_time);
            let args = if own.is_some() { &args[1..] } else { args };
            args.iter().try_fold(own.unwrap_or(0), |step, arg| Some(divisor(step, step_ms(arg, times)?)))
        }
    }
}

impl BoundExpr {
    /// `None` when some column has no codes, when there are too many combinations for the rows, and when it reads no
    /// column at all.
    pub(crate) fn combinations(&self, segment: &SegmentRef) -> Option<Combinations> {
        let inner = &self.expr.inner;
        let num_rows = segment.num_rows();
        let axis = |input: &BoundInput| {
            let slots = inner.inputs.iter().filter(|slot| input.answers(slot)).map(|slot| slot.slot);
            Axis::of(input, &inner.root, &slots.collect::<Vec<_>>(), segment)
        };
        let axes = self.columns.iter().map(axis).collect::<Option<Vec<_>>>()?;
        let len = axes.iter().try_fold(1usize, |len, axis| len.checked_mul(axis.len))?;
        let most = MAX_COMBINATIONS.min(num_rows / MIN_ROWS_EACH);
        (!axes.is_empty() && (1..=most).contains(&len)).then_some(Combinations { axes, num_rows, len })
    }
}

impl Combinations {
    /// The value of each combination, also of those that no row holds. `None` when values are arrays, when one cannot
    /// be computed and when time tells more than its step.
    pub fn eval(&self, bound: &BoundExpr) -> Option<Vector> {
        let values = self.eval_at(bound, false).ok().filter(|values| !values.has_arrays())?;
        if self.axes.iter().any(|axis| matches!(axis.codes, AxisCodes::Times(_))) {
            let lasts = self.eval_at(bound, true).ok()?;
            let is_steady = (0..self.len).all(|at| values.get(at) == lasts.get(at));
            return is_steady.then_some(values);
        }
        Some(values)
    }

    fn eval_at(&self, bound: &BoundExpr, by_lasts: bool) -> Result<Vector> {
        let mut stride = self.len;
        let mut read = Vec::with_capacity(self.axes.len());
        for axis in &self.axes {
            stride /= axis.len;
            let codes = (0..self.len).map(|at| (at / stride % axis.len) as u32).collect();
            read.push(axis.values(codes, by_lasts)?);
        }
        bound.expr.eval_inputs(self.len, Wanted::Values, |input| {
            let found = self.axes.iter().zip(&read).find(|(axis, _)| axis.input.answers(input));
            let read = |(axis, values): (&Axis, &Vector)| Read {
                values: values.clone(),
                repeats: true,
                is_literal: axis.input.is_literal,
            };
            Ok(found.map(read))
        })
    }

    fn combined(&self, read: impl Fn(&Axis) -> ArrayRef) -> ArrayRef {
        let [first, others @ ..] = self.axes.as_slice() else { return Arc::new(UInt32Array::from(Vec::<u32>::new())) };
        let codes = read(first);
        if others.is_empty() {
            return codes;
        }
        let mut combined = widen(codes.as_ref()).unwrap_or_default();
        for axis in others {
            let (codes, len) = (read(axis), axis.len as u32);
            match codes_of(codes.as_ref()).unwrap_or(Codes::U8(&[])) {
                Codes::U8(codes) => add(&mut combined, codes, len),
                Codes::U16(codes) => add(&mut combined, codes, len),
                Codes::U32(codes) => add(&mut combined, codes, len),
            }
        }
        Arc::new(UInt32Array::from(combined))
    }
}

/// Codes below `len`.
impl ReadCodes for Combinations {
    fn num_rows(&self) -> usize {
        self.num_rows
    }

    fn read(&self, rows: Range<usize>) -> ArrayRef {
        self.combined(|axis| axis.read(rows.clone()))
    }

    fn take(&self, rows: &[u32]) -> ArrayRef {
        self.combined(|axis| axis.take(rows))
    }
}

impl fmt::Debug for Combinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} combinations", self.len)
    }
}

/// One more code to each combination.
fn add<T: Copy + Into<u32>>(combined: &mut [u32], codes: &[T], len: u32) {
    combined.iter_mut().zip(codes).for_each(|(combined, code)| *combined = *combined * len + (*code).into());
}

#[cfg(test)]
mod tests;
