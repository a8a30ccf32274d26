//! Expressions that go from one value to the next by arithmetic: `sum + x * 2`, `if(x > 5, sum + x, sum)`. What they
//! read besides the running value is computed for all rows at once.

use std::sync::Arc;

use super::arithmetic::Arithmetic;
use super::build::build;
use super::parser::{Ast, parse};
use super::{Expr, Inner, Scalar, Vector};
use crate::{Environment, Result};

#[derive(Clone, Debug)]
pub(crate) struct Running {
    operation: Arithmetic,
    is_first: bool,
    term: Expr,
    /// Where it is not true, the running value stays.
    condition: Option<Expr>,
}

/// What the running value meets: the rows where it does, and a term for each of them.
pub(crate) struct Terms {
    pub rows: Vec<u32>,
    pub terms: Vector,
}

impl Running {
    /// `None` for expressions of another form.
    pub fn parse(text: &str, value: &str) -> Option<Running> {
        let ast = parse(text).ok()?;
        let (ast, condition) = match &ast {
            Ast::Call(name, args) if name.eq_ignore_ascii_case("if") => match &args[..] {
                [condition, then, otherwise] if is(otherwise, value) && !mentions(condition, value) => {
                    (then, Some(expr(condition)?))
                }
                _ => return None,
            },
            whole => (whole, None),
        };
        let Ast::Binary(mark, left, right) = ast else { return None };
        let (is_first, term) = match (is(left, value), is(right, value)) {
            (true, false) => (true, right),
            (false, true) => (false, left),
            _ => return None,
        };
        if mentions(term, value) {
            return None;
        }
        Some(Running { operation: Arithmetic::of(mark)?, is_first, term: expr(term)?, condition })
    }

    /// Fails where a function refuses a value.
    pub fn terms(&self, num_rows: usize, column: impl Fn(&str) -> Option<Vector>) -> Result<Terms> {
        let Some(condition) = &self.condition else {
            let rows = (0..).take(num_rows).collect();
            return Ok(Terms { rows, terms: self.term.eval_whole(num_rows, column)? });
        };
        let mut rows = Vec::new();
        condition.eval_whole(num_rows, &column)?.truth(|row, is_true| {
            if is_true {
                rows.extend(u32::try_from(row));
            }
        });
        let terms = self.term.eval_whole(rows.len(), |name| Some(column(name)?.take(&rows)))?;
        Ok(Terms { rows, terms })
    }

    /// The running value after a term.
    #[inline]
    pub fn step(&self, value: &Scalar<'_>, term: &Scalar<'_>) -> Result<Scalar<'static>> {
        match self.is_first {
            true => self.operation.scalars(value, term),
            false => self.operation.scalars(term, value),
        }
    }
}

fn is(ast: &Ast, name: &str) -> bool {
    matches!(ast, Ast::Identifier(found) if found == name)
}

/// Whether the name stands anywhere in it, be it the parameter of a lambda.
fn mentions(ast: &Ast, name: &str) -> bool {
    match ast {
        Ast::Literal(_) => false,
        Ast::Identifier(found) => found == name,
        Ast::Unary(_, inner) => mentions(inner, name),
        Ast::Binary(_, left, right) => mentions(left, name) || mentions(right, name),
        Ast::Logic(_, parts) | Ast::Call(_, parts) => parts.iter().any(|part| mentions(part, name)),
        Ast::Lambda(parameters, body) => parameters.iter().any(|found| found == name) || mentions(body, name),
    }
}

/// A part of an expression as one of its own.
fn expr(ast: &Ast) -> Option<Expr> {
    let built = build(ast, &Environment::default()).ok()?;
    let inner = Inner {
        text: format!("{ast:?}"),
        root: built.root,
        inputs: built.inputs,
        num_slots: built.num_slots,
        is_row_by_row: built.is_row_by_row,
    };
    Some(Expr { inner: Arc::new(inner) })
}
