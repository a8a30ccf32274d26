//! The expression language: a text is lexed, parsed, bound to its functions, folded, and then run a vector of
//! rows at a time.

mod arithmetic;
mod arrow;
mod bound;
mod build;
mod builder;
mod cast;
mod combinations;
mod comparison;
mod equalities;
mod functions;
mod lambda;
mod lexer;
mod logic;
mod node;
mod parser;
mod parts;
mod running;
mod scalar;
mod vector;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow_array::ArrayRef;

use build::{InputSlot, build};
use node::{Frame, Node};

pub use bound::BoundExpr;
pub(crate) use bound::read_whole;
pub(crate) use combinations::Combinations;
pub use equalities::{Equalities, Equality};
pub(crate) use lambda::expand;
pub(crate) use parts::Parts;
pub(crate) use running::{Running, Terms};
pub(crate) use scalar::wider;
pub use scalar::{ArrayValue, ExprType, Kind, Scalar};
pub use vector::Vector;

use crate::{Environment, Error, Result};

/// A parsed expression. Cheap to clone.
#[derive(Clone)]
pub struct Expr {
    inner: Arc<Inner>,
}

struct Inner {
    text: String,
    root: Node,
    inputs: Vec<InputSlot>,
    num_slots: usize,
    /// Whether some function is none of those that Druid runs over vectors.
    is_row_by_row: bool,
}

/// What is done with the values of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Values,
    /// A list of one text stays a list.
    Lists,
    /// Numbers are taken for doubles.
    Doubles,
}

/// What an input gave.
struct Read {
    values: Vector,
    /// Whether arrays are rows of several values, each of which is a value of its own.
    repeats: bool,
    /// Whether these are the literals at the input's path and not the documents.
    is_literal: bool,
}

impl Read {
    /// The literals when the input asks for those of a path.
    fn of(self, input: &InputSlot) -> Vector {
        match &input.path {
            Some(path) if !self.is_literal => functions::literals_at(&self.values, path),
            _ => self.values,
        }
    }
}

/// Named Arrow columns of one length.
pub trait Columns {
    fn num_rows(&self) -> usize;
    /// `None` reads as all null. Integers, floats, text, booleans, dictionaries of text, and lists of these.
    fn column(&self, name: &str) -> Option<ArrayRef>;
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expr").field(&self.inner.text).finish()
    }
}

impl Expr {
    /// Fails on what is no expression, on an unknown function and on a wrong number of arguments.
    pub fn parse(text: &str) -> Result<Expr> {
        Expr::parse_with(text, &Environment::default())
    }

    /// As `parse`, with lookups and a present time.
    pub fn parse_with(text: &str, environment: &Environment) -> Result<Expr> {
        Expr::of_ast(&parser::parse(text)?, text, environment)
    }

    /// What is written in the text, or a part of it.
    fn of_ast(ast: &parser::Ast, text: &str, environment: &Environment) -> Result<Expr> {
        let built = build(ast, environment)?;
        let inner = Inner {
            text: text.to_string(),
            root: built.root,
            inputs: built.inputs,
            num_slots: built.num_slots,
            is_row_by_row: built.is_row_by_row,
        };
        Ok(Expr { inner: Arc::new(inner) })
    }

    /// The expression as written.
    pub fn text(&self) -> &str {
        &self.inner.text
    }

    /// The columns that it reads, each once, in no special order.
    pub fn required_columns(&self) -> Vec<&str> {
        let names: BTreeSet<&str> = self.inner.inputs.iter().map(|input| input.name.as_str()).collect();
        names.into_iter().collect()
    }

    /// The value, when it reads no column and does not change.
    pub fn constant(&self) -> Option<&Scalar<'static>> {
        self.inner.root.literal()
    }

    /// Whether it is the name of a column and no more.
    fn is_column(&self) -> bool {
        matches!(self.inner.root, Node::Slot(_))
    }

    /// The type of the result, given those of the columns; `None` where it cannot be known.
    pub fn output_type(&self, column: &dyn Fn(&str) -> Option<ExprType>) -> Option<ExprType> {
        self.output_of(&|input| column(&input.name))
    }

    fn output_of(&self, column: &dyn Fn(&InputSlot) -> Option<ExprType>) -> Option<ExprType> {
        let mut slots = vec![None; self.inner.num_slots];
        for input in &self.inner.inputs {
            slots[input.slot] = column(input);
        }
        self.inner.root.output(&slots)
    }

    /// Whether some column is read value by value, so that a multi-value column makes the result one.
    pub fn reads_scalar(&self, name: &str) -> bool {
        self.inner.inputs.iter().any(|input| input.name == name && !input.whole)
    }

    /// One value for each of `num_rows` rows. Rows that are arrays in a column read value by value give an array
    /// of the results; a column that is `None` is null. Fails where a function refuses a value.
    pub fn eval(&self, num_rows: usize, mut column: impl FnMut(&str) -> Result<Option<Vector>>) -> Result<Vector> {
        let repeating = |values: Vector| Read { values, repeats: true, is_literal: false };
        self.eval_inputs(num_rows, Wanted::Values, |input| Ok(column(&input.name)?.map(repeating)))
    }

    /// As `eval`; `column` is told the input.
    fn eval_inputs(
        &self,
        num_rows: usize,
        wanted: Wanted,
        mut column: impl FnMut(&InputSlot) -> Result<Option<Read>>,
    ) -> Result<Vector> {
        let mut slots = vec![Vector::nulls(num_rows); self.inner.num_slots];
        let mut repeated = Vec::new();
        for input in &self.inner.inputs {
            let Some(read) = column(input)? else { continue };
            let repeats = read.repeats;
            let values = read.of(input);
            if values.len() != num_rows {
                return Err(Error::invalid(format!("column '{}' has another number of rows", input.name)));
            }
            if repeats && !input.whole && values.has_arrays() {
                repeated.push(input.slot);
            }
            slots[input.slot] = values;
        }
        let frame = Frame { num_rows, slots: &slots };
        if repeated.is_empty() {
            return match wanted {
                Wanted::Doubles => self.inner.root.eval_doubles(&frame),
                Wanted::Values | Wanted::Lists => self.inner.root.eval(&frame),
            };
        }
        let as_lists = wanted == Wanted::Lists;
        if as_lists && self.is_column() {
            return Ok(frame.slots[repeated[0]].clone());
        }
        self.eval_each(&frame, &repeated, as_lists)
    }

    /// As `eval`, but arrays are arrays wherever they are read.
    pub(crate) fn eval_whole(&self, num_rows: usize, column: impl Fn(&str) -> Option<Vector>) -> Result<Vector> {
        let mut slots = vec![Vector::nulls(num_rows); self.inner.num_slots];
        for input in &self.inner.inputs {
            if let Some(values) = column(&input.name) {
                slots[input.slot] = Read { values, repeats: false, is_literal: false }.of(input);
            }
        }
        self.inner.root.eval(&Frame { num_rows, slots: &slots })
    }

    /// The expression once for every combination of the values of the multi-value columns of a row.
    fn eval_each(&self, frame: &Frame<'_>, repeated: &[usize], as_lists: bool) -> Result<Vector> {
        let inputs: Vec<_> = repeated.iter().map(|slot| frame.slots[*slot].clone()).collect();
        let expanded = lambda::expand(&inputs, frame.num_rows, true)?;
        let mut taken = frame.take(&expanded.rows, [&self.inner.root]);
        for (slot, values) in repeated.iter().zip(&expanded.values) {
            taken.set(*slot, values.clone());
        }
        let results = self.inner.root.eval(&taken.frame())?;
        // One text stands for itself, one number stays a list of one, as Druid prints them.
        let kind = match self.output_type(&|_| Some(ExprType::STRING)) {
            Some(result) => result.element(),
            None => results.widest_kind(),
        };
        let lists = expanded.lists(&results).map(|mut list| match list.len() {
            1 if kind == Kind::Text && !as_lists => list.pop().unwrap_or(Scalar::Null),
            _ => Scalar::array(list, kind),
        });
        lambda::vector_of(lists.collect())
    }

    /// As `eval`, over Arrow columns.
    pub fn eval_columns(&self, columns: &dyn Columns) -> Result<Vector> {
        self.eval(columns.num_rows(), |name| columns.column(name).map(|array| Vector::from_arrow(&array)).transpose())
    }
}

#[cfg(test)]
mod tests;
