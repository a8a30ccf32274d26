//! Lambdas: a body over parameters, run for all elements of all rows at once.

use std::collections::BTreeSet;

use super::node::{Frame, Node};
use super::scalar::Scalar;
use super::vector::Vector;
use crate::{Error, Result};

/// Most elements that one vector of rows may expand to.
const MAX_ELEMENTS: usize = 16 << 20;

pub(crate) struct Lambda {
    /// Slots of the parameters, in order.
    pub parameters: Vec<usize>,
    pub body: Node,
}

/// Rows expanded to the combinations of their elements.
pub(crate) struct Expanded {
    /// For each combination the row it came from.
    pub rows: Vec<u32>,
    /// Where the combinations of each row start; one more than rows.
    pub starts: Vec<usize>,
    /// The values of each expanded input.
    pub values: Vec<Vector>,
}

impl Lambda {
    /// The body over rows of the frame, its parameters given.
    pub fn eval(&self, frame: &Frame<'_>, rows: &[u32], parameters: Vec<Vector>) -> Result<Vector> {
        let mut taken = frame.take(rows, [&self.body]);
        for (slot, values) in self.parameters.iter().zip(parameters) {
            taken.set(*slot, values);
        }
        self.body.eval(&taken.frame())
    }

    /// Slots that the body reads from outside.
    pub fn slots(&self, out: &mut BTreeSet<usize>) {
        let mut inner = BTreeSet::new();
        self.body.slots(&mut inner);
        out.extend(inner.into_iter().filter(|slot| !self.parameters.contains(slot)));
    }
}

/// Every combination of one element of each input, the last input turning fastest. With `null_as_one` a null or
/// empty array is one null, else the row has no combination.
pub(crate) fn expand(inputs: &[Vector], num_rows: usize, null_as_one: bool) -> Result<Expanded> {
    let (mut rows, mut starts) = (Vec::with_capacity(num_rows), Vec::with_capacity(num_rows + 1));
    let mut values: Vec<Vec<Scalar<'static>>> = vec![Vec::with_capacity(num_rows); inputs.len()];
    starts.push(0);
    for row in 0..num_rows {
        let lists: Vec<_> = inputs.iter().map(|input| elements(&input.get(row), null_as_one)).collect();
        let combinations = lists.iter().try_fold(1usize, |n, list| n.checked_mul(list.len()));
        let combinations = combinations.filter(|n| rows.len() + n <= MAX_ELEMENTS).ok_or_else(|| {
            Error::limit(format!("the arrays of one vector of rows expand to more than {MAX_ELEMENTS} combinations"))
        })?;
        for combination in 0..combinations {
            let mut rest = combination;
            for (list, out) in lists.iter().zip(&mut values).rev() {
                out.push(list[rest % list.len()].clone());
                rest /= list.len();
            }
            rows.push(u32::try_from(row).map_err(|_| Error::limit("too many rows in a vector"))?);
        }
        starts.push(rows.len());
    }
    let values = values.into_iter().map(vector_of).collect::<Result<_>>()?;
    Ok(Expanded { rows, starts, values })
}

fn elements(value: &Scalar<'_>, null_as_one: bool) -> Vec<Scalar<'static>> {
    match value.as_array() {
        Some(array) if !(array.items.is_empty() && null_as_one) => array.items.clone(),
        _ if null_as_one => vec![Scalar::Null],
        _ => Vec::new(),
    }
}

pub(crate) fn vector_of(values: Vec<Scalar<'static>>) -> Result<Vector> {
    let mut out = super::builder::Builder::new(values.len());
    for value in values {
        out.push(value)?;
    }
    Ok(out.finish())
}

impl Expanded {
    /// The results of each row.
    pub fn lists<'a>(&'a self, results: &'a Vector) -> impl Iterator<Item = Vec<Scalar<'static>>> + 'a {
        self.starts.windows(2).map(|ends| (ends[0]..ends[1]).map(|at| results.get(at).into_owned()).collect())
    }
}
