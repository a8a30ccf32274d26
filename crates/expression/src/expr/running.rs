//! Expressions that go from one value to the next by one function: `sum + x * 2`, `max(most, x)`,
//! `if(x > 5, sum + x, sum)`. What they read besides the running value is computed for all rows at once.

use std::sync::Arc;

use super::build::build;
use super::node::{ByRow, Node};
use super::parser::{Ast, parse};
use super::{Expr, Inner, Scalar, Vector};
use crate::{Environment, Result};

#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// The function with its arguments.
    step: Expr,
    /// Which argument the running value is.
    at: usize,
    /// The other arguments.
    terms: Vec<Expr>,
    /// Where it is not true, the running value stays.
    condition: Option<Expr>,
}

/// What the running value meets: the rows where it does, and the other arguments for each of them.
pub(crate) struct Terms {
    pub rows: Vec<u32>,
    pub terms: Vec<Vector>,
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
        let args: Vec<&Ast> = match ast {
            Ast::Binary(_, left, right) => vec![left, right],
            Ast::Call(_, args) => args.iter().collect(),
            _ => return None,
        };
        let at = args.iter().position(|arg| is(arg, value))?;
        let others = args.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, arg)| *arg);
        if others.clone().any(|arg| mentions(arg, value)) {
            return None;
        }
        let terms = others.map(expr).collect::<Option<Vec<_>>>()?;
        let running = Running { step: expr(ast)?, at, terms, condition };
        (running.function()?.1 == args.len()).then_some(running)
    }

    /// The function and its number of arguments.
    fn function(&self) -> Option<(&dyn ByRow, usize)> {
        match &self.step.inner.root {
            Node::Call { function, args } => Some((function.by_row()?, args.len())),
            Node::Literal(_) | Node::Slot(_) => None,
        }
    }

    /// Fails where a function refuses a value.
    pub fn terms(&self, num_rows: usize, column: impl Fn(&str) -> Option<Vector>) -> Result<Terms> {
        let Some(condition) = &self.condition else {
            let terms = self.terms.iter().map(|term| term.eval_whole(num_rows, &column)).collect::<Result<_>>()?;
            return Ok(Terms { rows: (0..).take(num_rows).collect(), terms });
        };
        let mut rows = Vec::new();
        condition.eval_whole(num_rows, &column)?.truth(|row, is_true| {
            if is_true {
                rows.extend(u32::try_from(row));
            }
        });
        let column = |name: &str| Some(column(name)?.take(&rows));
        let terms = self.terms.iter().map(|term| term.eval_whole(rows.len(), column)).collect::<Result<_>>()?;
        Ok(Terms { rows, terms })
    }

    /// The running value after the terms of a place.
    pub fn step(&self, value: Scalar<'_>, terms: &[Vector], place: usize) -> Result<Scalar<'static>> {
        let Some((function, num_args)) = self.function() else { return Ok(value.into_owned()) };
        let mut args = Vec::with_capacity(num_args);
        args.extend(terms.iter().map(|term| term.get(place)));
        args.insert(self.at, value);
        function.row(&args)
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
