//! The condition of a join: which values must equal which columns of the other side.

use super::build::build;
use super::parser::{Ast, parse};
use super::{Expr, Inner};
use crate::{Environment, Error, Result};
use std::sync::Arc;

/// A value of one side that must equal a column of the other.
#[derive(Clone, Debug)]
pub struct Equality {
    pub value: Expr,
    pub column: String,
    /// Whether null equals null.
    pub matches_null: bool,
}

/// Equalities all of which must hold.
#[derive(Clone, Debug, Default)]
pub struct Equalities {
    pub all: Vec<Equality>,
    /// Nothing matches, whatever the values.
    pub is_never: bool,
}

impl Equalities {
    /// Reads `value == "column"` and `notdistinctfrom(value, "column")`, either way round, and constants, chained by
    /// `&&`. `other_side` gives the name that a column has on the other side, if it is one of there. Fails on all
    /// else, naming it.
    pub fn parse(text: &str, other_side: &dyn Fn(&str) -> Option<String>, environment: &Environment) -> Result<Self> {
        let mut found = Equalities::default();
        let reading = Reading { text, other_side, environment };
        reading.add(&parse(text)?, &mut found)?;
        Ok(found)
    }
}

struct Reading<'a> {
    text: &'a str,
    other_side: &'a dyn Fn(&str) -> Option<String>,
    environment: &'a Environment,
}

impl Reading<'_> {
    fn add(&self, ast: &Ast, found: &mut Equalities) -> Result<()> {
        match ast {
            Ast::Logic("&&", parts) => return parts.iter().try_for_each(|part| self.add(part, found)),
            Ast::Binary("==", left, right) => {
                if let Some(equality) = self.equality(left, right, false)? {
                    found.all.push(equality);
                    return Ok(());
                }
            }
            Ast::Call(name, args) if name.eq_ignore_ascii_case("notdistinctfrom") => {
                if let [left, right] = args.as_slice()
                    && let Some(equality) = self.equality(left, right, true)?
                {
                    found.all.push(equality);
                    return Ok(());
                }
            }
            _ => {}
        }
        match self.expr(ast)?.constant() {
            Some(constant) => {
                found.is_never |= !constant.is_true();
                Ok(())
            }
            None => Err(Error::invalid(format!(
                "condition [{}] must be made of equalities between an expression of the left side and a column of the right",
                self.text
            ))),
        }
    }

    /// `None` when the two are no value of this side and column of the other.
    fn equality(&self, left: &Ast, right: &Ast, matches_null: bool) -> Result<Option<Equality>> {
        for (value, column) in [(left, right), (right, left)] {
            let Ast::Identifier(name) = column else { continue };
            let Some(column) = (self.other_side)(name) else { continue };
            let value = self.expr(value)?;
            if value.required_columns().into_iter().all(|name| (self.other_side)(name).is_none()) {
                return Ok(Some(Equality { value, column, matches_null }));
            }
        }
        Ok(None)
    }

    fn expr(&self, ast: &Ast) -> Result<Expr> {
        let built = build(ast, self.environment)?;
        let inner = Inner {
            text: self.text.to_string(),
            root: built.root,
            inputs: built.inputs,
            num_slots: built.num_slots,
            is_row_by_row: built.is_row_by_row,
        };
        Ok(Expr { inner: Arc::new(inner) })
    }
}

#[cfg(test)]
mod tests {
    use super::Equalities;
    use crate::Environment;

    fn parse(text: &str) -> Result<(Vec<(String, bool)>, bool), String> {
        let right = |name: &str| name.strip_prefix("j.").map(String::from);
        let found = Equalities::parse(text, &right, &Environment::default()).map_err(|error| error.to_string())?;
        let all = found.all.into_iter().map(|equality| (equality.column, equality.matches_null)).collect();
        Ok((all, found.is_never))
    }

    #[test]
    fn equalities_are_found_either_way_round() {
        let one = |name: &str, matches_null| (name.to_string(), matches_null);
        for (text, all, is_never) in [
            ("a == \"j.k\"", vec![one("k", false)], false),
            ("\"j.k\" == lower(a)", vec![one("k", false)], false),
            ("notdistinctfrom(a, \"j.k\") && b == \"j.l\" && 1", vec![one("k", true), one("l", false)], false),
            ("concat('r', 'ed') == \"j.k\"", vec![one("k", false)], false),
            ("1", vec![], false),
            ("0", vec![], true),
            ("1 == 2 && a == \"j.k\"", vec![one("k", false)], true),
        ] {
            assert_eq!(parse(text), Ok((all, is_never)), "{text}");
        }
    }

    #[test]
    fn all_else_is_refused() {
        for text in
            ["a == upper(\"j.k\")", "a == b", "a < \"j.k\"", "a == \"j.k\" || b == \"j.l\"", "\"j.k\" == \"j.l\"", "a"]
        {
            assert!(parse(text).expect_err(text).contains("equalities"), "{text}");
        }
    }
}
