//! Expressions with `&&` and `||` between them.

use super::Expr;
use super::parser::{Ast, parse};
use crate::{Environment, Result};

/// What an expression joins, as deep as nothing but `&&` and `||` stands around it.
#[derive(Debug)]
pub(crate) enum Parts {
    One(Expr),
    All(Vec<Parts>),
    Any(Vec<Parts>),
}

impl Parts {
    /// An expression, and its parts where it has several. Fails as [`Expr::parse_with`] does.
    pub fn parse(text: &str, environment: &Environment) -> Result<(Expr, Option<Parts>)> {
        let ast = parse(text)?;
        let expr = Expr::of_ast(&ast, text, environment)?;
        let parts = matches!(ast, Ast::Logic(..)).then(|| Parts::of(&ast, text, environment));
        Ok((expr, parts.transpose()?))
    }

    fn of(ast: &Ast, text: &str, environment: &Environment) -> Result<Parts> {
        let Ast::Logic(mark, parts) = ast else { return Ok(Parts::One(Expr::of_ast(ast, text, environment)?)) };
        let parts = parts.iter().map(|part| Parts::of(part, text, environment)).collect::<Result<_>>()?;
        Ok(if *mark == "&&" { Parts::All(parts) } else { Parts::Any(parts) })
    }
}
