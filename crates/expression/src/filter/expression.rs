//! `expression`: what an expression says of a row. Numbers above zero and the text `true` pass.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::{SegmentRef, VECTOR_ROWS};

use super::bound_filter::{BoundFilter, Same};
use super::codes::CodeSet;
use super::strategy::CodeLeaf;
use super::{Filter, FilterKind, FilterSpec, Parsing};
use crate::expr::{BoundExpr, Expr, Scalar, Vector};
use crate::json::Object;
use crate::{Result, Truth, words};

pub(super) const KIND: FilterKind = FilterKind { tag: "expression", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let expr = Expr::parse_with(&object.text("expression")?, parsing.environment)?;
    Ok(Filter::new(Holds { expr }))
}

#[derive(Debug)]
struct Holds {
    expr: Expr,
}

fn truth(value: &Scalar<'_>) -> Truth {
    match value {
        Scalar::Null => Truth::Unknown,
        // The results for the values of a multi-value row: one that holds is enough.
        Scalar::Array(array) => Truth::from(array.items.iter().any(Scalar::is_true)),
        value => Truth::from(value.is_true()),
    }
}

impl FilterSpec for Holds {
    fn required_columns(&self, out: &mut BTreeSet<String>) {
        out.extend(self.expr.required_columns().into_iter().map(String::from));
    }

    fn bind(&self, segment: &SegmentRef) -> Result<Box<dyn BoundFilter>> {
        if let Some(value) = self.expr.constant() {
            return Ok(Box::new(Same(truth(value))));
        }
        let bound = self.expr.bind(segment);
        if let Some((column, dictionary)) = bound.single_text()
            && dictionary.len() <= segment.num_rows().max(VECTOR_ROWS)
            // An entry that no row holds may make the expression fail; then the rows are asked.
            && let Ok(values) = bound.eval_dictionary(&*dictionary)
        {
            let len = dictionary.len();
            let truths: Vec<Truth> = (0..len).map(|code| truth(&values.get(code))).collect();
            let set = |unknown| CodeSet::collect(len, |code| truths[code as usize].keep(unknown));
            let null = dictionary.code_of(None);
            let empty = null.map_or(Truth::Unknown, |code| truths[code as usize]);
            return Ok(CodeLeaf::bind(column, len, null, set(false), set(true), empty, segment.num_rows()));
        }
        Ok(Box::new(ExprLeaf { bound }))
    }
}

struct ExprLeaf {
    bound: BoundExpr,
}

impl BoundFilter for ExprLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        match self.bound.eval(rows)? {
            Vector::Long(values) => {
                super::scan::fill(values.values(), out, |value: i64| value > 0);
                super::numeric::set_nulls(arrow_array::Array::nulls(&values), unknown, out);
            }
            values => {
                for row in 0..values.len() {
                    out[row / 64] |= u64::from(truth(&values.get(row)).keep(unknown)) << (row % 64);
                }
            }
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        100.0
    }
}
