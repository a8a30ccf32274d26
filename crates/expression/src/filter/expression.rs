//! `expression`: what an expression says of a row. Numbers above zero and the text `true` pass.

use std::collections::BTreeSet;
use std::ops::Range;

use segment::{ReadCodes, SegmentRef, VECTOR_ROWS, codes_of};

use super::bound_filter::{BoundFilter, Same};
use super::codes::CodeSet;
use super::scan::CodeScan;
use super::strategy::CodeLeaf;
use super::{Filter, FilterKind, FilterSpec, Parsing, and, or};
use crate::expr::{BoundExpr, Combinations, Expr, Parts, Scalar, Vector};
use crate::json::Object;
use crate::{Result, Truth, words};

/// Rows whose values on the way stay in the processor's cache. A multiple of 64.
const ROWS_TOGETHER: usize = 1 << 13;

pub(super) const KIND: FilterKind = FilterKind { tag: "expression", parse };

fn parse(object: Object<'_>, parsing: &mut Parsing<'_>) -> Result<Filter> {
    let (expr, parts) = Parts::parse(&object.text("expression")?, parsing.environment)?;
    Ok(Filter::new(Holds { expr, parts }))
}

#[derive(Debug)]
struct Holds {
    expr: Expr,
    /// Where there are several.
    parts: Option<Parts>,
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
        let bound = self.expr.bind(segment);
        // The values of a row of several are each asked all parts.
        let parts = self.parts.as_ref().filter(|_| !bound.reads_lists());
        match parts.map(|parts| joined(parts, segment)).transpose()?.flatten() {
            Some(joined) => Ok(joined),
            None => Ok(by_codes(&bound, segment).unwrap_or_else(|| Box::new(ExprLeaf { bound }))),
        }
    }
}

/// Parts by the codes of what each of them reads. `None` unless that can be done with all of them, for none must be
/// asked about rows that others decide when it may fail.
fn joined(parts: &Parts, segment: &SegmentRef) -> Result<Option<Box<dyn BoundFilter>>> {
    let each = |parts: &[Parts]| -> Result<Option<Vec<_>>> { parts.iter().map(|part| joined(part, segment)).collect() };
    Ok(match parts {
        Parts::One(expr) => by_codes(&expr.bind(segment), segment),
        Parts::All(parts) => {
            each(parts)?.map(|bound| and::all(bound.into_iter().map(Ok), segment.num_rows())).transpose()?
        }
        Parts::Any(parts) => {
            each(parts)?.map(|bound| or::any(bound.into_iter().map(Ok), segment.num_rows())).transpose()?
        }
    })
}

/// Asked once for each combination of the codes of what is read, where that is less than to ask the rows.
fn by_codes(bound: &BoundExpr, segment: &SegmentRef) -> Option<Box<dyn BoundFilter>> {
    if let Some(value) = bound.constant() {
        return Some(Box::new(Same(truth(value))));
    }
    if let Some((column, dictionary)) = bound.single_text()
        && dictionary.len() <= segment.num_rows().max(VECTOR_ROWS)
        // An entry that no row holds may make the expression fail; then the rows are asked.
        && let Ok(values) = bound.eval_dictionary(&*dictionary)
    {
        let (len, truths) = (dictionary.len(), truths(&values));
        let set = |unknown| set(&truths, unknown);
        let null = dictionary.code_of(None);
        let empty = null.map_or(Truth::Unknown, |code| truths[code as usize]);
        return Some(CodeLeaf::bind(column, len, null, set(false), set(true), empty, segment.num_rows()));
    }
    let combinations = bound.combinations(segment)?;
    let values = combinations.eval(bound)?;
    Some(over_codes(combinations, &truths(&values)))
}

fn truths(values: &Vector) -> Vec<Truth> {
    (0..values.len()).map(|code| truth(&values.get(code))).collect()
}

fn set(truths: &[Truth], unknown: bool) -> CodeSet {
    CodeSet::collect(truths.len(), |code| truths[code as usize].keep(unknown))
}

fn over_codes(combinations: Combinations, truths: &[Truth]) -> Box<dyn BoundFilter> {
    let scan = |unknown| CodeScan::new(&set(truths, unknown), truths.len());
    match truths.first() {
        Some(first) if truths.iter().all(|truth| truth == first) => Box::new(Same(*first)),
        _ => Box::new(CodesLeaf { yes: scan(false), maybe: scan(true), combinations }),
    }
}

/// What was said once of each combination of codes.
struct CodesLeaf {
    combinations: Combinations,
    yes: CodeScan,
    maybe: CodeScan,
}

impl BoundFilter for CodesLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        let combinations = self.combinations.read(rows);
        if let Some(codes) = codes_of(combinations.as_ref()) {
            (if unknown { &self.maybe } else { &self.yes }).fill(codes, out);
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        10.0
    }
}

struct ExprLeaf {
    bound: BoundExpr,
}

impl ExprLeaf {
    /// Sets the bits of the rows that pass.
    fn fill(&self, rows: Range<usize>, unknown: bool, out: &mut [u64]) -> Result<()> {
        match self.bound.eval(rows)? {
            Vector::Long(values) => {
                words::set_longs(values.values(), 1, i64::MAX, out);
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
}

impl BoundFilter for ExprLeaf {
    fn mask(&self, rows: Range<usize>, unknown: bool, out: &mut Vec<u64>) -> Result<()> {
        words::reset(out, rows.len());
        let starts = rows.clone().step_by(ROWS_TOGETHER);
        for (start, out) in starts.zip(out.chunks_mut(ROWS_TOGETHER / 64)) {
            self.fill(start..rows.end.min(start + ROWS_TOGETHER), unknown, out)?;
        }
        Ok(())
    }

    fn cost(&self) -> f64 {
        100.0
    }
}
