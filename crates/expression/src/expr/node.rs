//! A bound tree: what an expression means, and the rows it is asked about.

use std::collections::BTreeSet;

use super::scalar::{ExprType, Scalar};
use super::vector::Vector;
use crate::Result;

/// What computes a vector from its arguments. Arguments are nodes, not values, because some are evaluated for
/// some rows only.
pub(crate) trait Function: Send + Sync {
    fn eval(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector>;

    /// As `eval`, for one who takes every number for a double, so that longs may be doubles already.
    fn eval_doubles(&self, args: &[Node], frame: &Frame<'_>) -> Result<Vector> {
        self.eval(args, frame)
    }

    /// The type of the result, given those of the arguments; `None` where nothing is known.
    fn output(&self, args: &[Option<ExprType>]) -> Option<ExprType>;

    /// Whether the same arguments always give the same result.
    fn is_deterministic(&self) -> bool {
        true
    }

    /// The type asked for, when the result is the first argument, the literals at a path, cast to that.
    fn as_literals(&self) -> Option<Option<ExprType>> {
        None
    }

    /// The function over the values of one row, where it looks at one row at a time.
    fn by_row(&self) -> Option<&dyn ByRow> {
        None
    }

    /// Where the first argument is an instant: milliseconds since the epoch are cut into steps so long, and the result
    /// is the same all through a step, in zones that lie whole quarters of an hour apart.
    fn step_ms(&self) -> Option<i64> {
        None
    }

    /// Slots read besides those of the arguments.
    fn slots(&self, _out: &mut BTreeSet<usize>) {}
}

/// What computes a value from the values of its arguments.
pub(crate) trait ByRow {
    fn row(&self, args: &[Scalar<'_>]) -> Result<Scalar<'static>>;
}

pub(crate) enum Node {
    Literal(Scalar<'static>),
    /// An input column or the parameter of a lambda.
    Slot(usize),
    Call {
        function: Box<dyn Function>,
        args: Vec<Node>,
    },
}

/// The values of the slots for a number of rows.
pub(crate) struct Frame<'a> {
    pub num_rows: usize,
    pub slots: &'a [Vector],
}

/// A frame of rows taken from another.
pub(crate) struct Taken {
    num_rows: usize,
    slots: Vec<Vector>,
}

impl Node {
    pub fn eval(&self, frame: &Frame<'_>) -> Result<Vector> {
        match self {
            Node::Literal(value) => Ok(Vector::Constant(value.clone(), frame.num_rows)),
            Node::Slot(slot) => Ok(frame.slots[*slot].clone()),
            Node::Call { function, args } => function.eval(args, frame),
        }
    }

    /// As `eval`, but longs may be doubles.
    pub fn eval_doubles(&self, frame: &Frame<'_>) -> Result<Vector> {
        match self {
            Node::Call { function, args } => function.eval_doubles(args, frame),
            Node::Literal(_) | Node::Slot(_) => self.eval(frame),
        }
    }

    pub fn literal(&self) -> Option<&Scalar<'static>> {
        match self {
            Node::Literal(value) => Some(value),
            Node::Slot(_) | Node::Call { .. } => None,
        }
    }

    /// Adds the slots that the node reads.
    pub fn slots(&self, out: &mut BTreeSet<usize>) {
        match self {
            Node::Literal(_) => {}
            Node::Slot(slot) => {
                out.insert(*slot);
            }
            Node::Call { function, args } => {
                args.iter().for_each(|arg| arg.slots(out));
                function.slots(out);
            }
        }
    }

    /// The type of the result, given those of the slots.
    pub fn output(&self, slots: &[Option<ExprType>]) -> Option<ExprType> {
        match self {
            Node::Literal(Scalar::Array(array)) => Some(ExprType::Array(array.kind)),
            Node::Literal(value) => value.kind().map(ExprType::Scalar),
            Node::Slot(slot) => slots.get(*slot).copied().flatten(),
            Node::Call { function, args } => {
                let args: Vec<_> = args.iter().map(|arg| arg.output(slots)).collect();
                function.output(&args)
            }
        }
    }

    /// The node over some rows of the frame only.
    pub fn eval_rows(&self, frame: &Frame<'_>, rows: &[u32]) -> Result<Vector> {
        match self {
            _ if rows.len() == frame.num_rows => self.eval(frame),
            Node::Literal(value) => Ok(Vector::Constant(value.clone(), rows.len())),
            Node::Slot(slot) => Ok(frame.slots[*slot].take(rows)),
            Node::Call { .. } => self.eval(&frame.take(rows, [self]).frame()),
        }
    }

    /// As `eval_rows`, but longs may be doubles.
    pub fn eval_rows_doubles(&self, frame: &Frame<'_>, rows: &[u32]) -> Result<Vector> {
        match self {
            Node::Literal(_) | Node::Slot(_) => self.eval_rows(frame, rows),
            Node::Call { .. } if rows.len() == frame.num_rows => self.eval_doubles(frame),
            Node::Call { .. } => self.eval_doubles(&frame.take(rows, [self]).frame()),
        }
    }
}

impl Frame<'_> {
    /// Rows of this frame, in the order asked and perhaps several times, with the slots that the nodes read.
    pub fn take<'n>(&self, rows: &[u32], nodes: impl IntoIterator<Item = &'n Node>) -> Taken {
        let mut needed = BTreeSet::new();
        nodes.into_iter().for_each(|node| node.slots(&mut needed));
        let slots = self.slots.iter().enumerate();
        let slots = slots.map(|(at, v)| if needed.contains(&at) { v.take(rows) } else { Vector::nulls(rows.len()) });
        Taken { num_rows: rows.len(), slots: slots.collect() }
    }
}

impl Taken {
    pub fn set(&mut self, slot: usize, values: Vector) {
        while self.slots.len() <= slot {
            self.slots.push(Vector::nulls(self.num_rows));
        }
        self.slots[slot] = values;
    }

    pub fn frame(&self) -> Frame<'_> {
        Frame { num_rows: self.num_rows, slots: &self.slots }
    }
}
