//! A virtual column of text that depends on more than one dictionary: computed for all rows at once, for its
//! codes need a dictionary of the whole segment.

use std::borrow::Cow;

use aggregate::{Shape, Survey, cast};
use dialect::value;
use segment::narrow;
use segment::{ColumnRef, VECTOR_ROWS};

use super::failure::Failure;
use crate::columns::{coded, list_of};
use crate::dictionaries::Interner;
use crate::expr::{BoundExpr, Scalar, Vector};
use crate::{Result, values};

/// As values, each with its own type, or cast to a shape.
pub(super) fn materialise_values(
    bound: &BoundExpr,
    num_rows: usize,
    shape: Option<Shape>,
    failure: &Failure,
) -> Result<ColumnRef> {
    let mut interner = Interner::default();
    let mut codes = Vec::with_capacity(num_rows);
    let mut survey = Survey::default();
    for start in (0..num_rows).step_by(VECTOR_ROWS) {
        let rows = start..(start + VECTOR_ROWS).min(num_rows);
        let evaluated = bound.eval(rows.clone()).unwrap_or_else(|error| {
            failure.set(error);
            Vector::nulls(rows.len())
        });
        for row in 0..evaluated.len() {
            let scalar = evaluated.get(row);
            let value = values::of_scalar(&scalar);
            let value = shape.map_or(value.clone(), |shape| cast(value, shape));
            survey.add(&value);
            codes.push(interner.code(value::key(&value).as_deref())?);
        }
    }
    values::of_codes(interner, codes, shape.or(survey.shape()).unwrap_or(Shape::String))
}

/// With `is_single` a row is the one value of its list, or null.
pub(super) fn materialise(bound: &BoundExpr, num_rows: usize, is_single: bool, failure: &Failure) -> Result<ColumnRef> {
    let mut interner = Interner::default();
    let (mut codes, mut offsets) = (Vec::with_capacity(num_rows), vec![0i32]);
    let mut has_lists = bound.is_multi_value() && !is_single;
    for start in (0..num_rows).step_by(VECTOR_ROWS) {
        let rows = start..(start + VECTOR_ROWS).min(num_rows);
        let values = bound.eval(rows.clone()).unwrap_or_else(|error| {
            failure.set(error);
            Vector::nulls(rows.len())
        });
        has_lists |= values.has_arrays() && !is_single;
        if let Vector::Text(texts) = &values {
            for text in texts {
                codes.push(interner.code(text)?);
                offsets.push(end_of(&codes)?);
            }
            continue;
        }
        for row in 0..values.len() {
            match values.get(row) {
                Scalar::Array(array) if is_single => {
                    let only = match array.items.as_slice() {
                        [only] => only.as_text(),
                        _ => None,
                    };
                    codes.push(interner.code(only.as_deref())?);
                }
                Scalar::Array(array) => {
                    for item in &array.items {
                        codes.push(interner.code(item.as_text().as_deref())?);
                    }
                }
                value => codes.push(interner.code(value.as_text().as_ref().map(Cow::as_ref))?),
            }
            offsets.push(end_of(&codes)?);
        }
    }
    interner.code(None)?;
    let (dictionary, places) = interner.finish()?;
    codes.iter_mut().for_each(|code| *code = places[*code as usize]);
    match has_lists {
        true => coded(list_of(&codes, offsets, places.len()), dictionary),
        false => coded(narrow(&codes, places.len()), dictionary),
    }
}

fn end_of(codes: &[u32]) -> Result<i32> {
    i32::try_from(codes.len()).map_err(|_| crate::Error::limit("a virtual column holds too many values"))
}
