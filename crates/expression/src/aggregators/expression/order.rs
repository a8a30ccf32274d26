//! The order of accumulated values by an expression.

use std::cmp::Ordering;

use aggregate::Finalized;
use arrow_array::Int64Array;

use super::typed::mixed;
use crate::expr::{Expr, Scalar};

/// The place of each value in the order; equal values share one. Whatever the expression says, this ends.
pub(super) fn ranks(values: &[Scalar<'static>], compare: &Expr) -> crate::Result<Finalized> {
    let order = |one: usize, other: usize| -> crate::Result<Ordering> {
        let result = compare.eval_whole(1, |name| match name {
            "o1" => Some(mixed(vec![values[one].clone()])),
            "o2" => Some(mixed(vec![values[other].clone()])),
            _ => None,
        })?;
        Ok(result.get(0).as_long().unwrap_or(0).cmp(&0))
    };
    let sorted = merge_sort((0..values.len()).collect(), &order)?;
    let (mut ranks, mut rank) = (vec![0; values.len()], 0);
    for pair in sorted.windows(2) {
        rank += i64::from(order(pair[0], pair[1])?.is_ne());
        ranks[pair[1]] = rank;
    }
    Ok(Finalized::Long(Int64Array::from(ranks)))
}

/// The library's sort may give up on an order that contradicts itself, or that fails.
fn merge_sort(
    mut items: Vec<usize>,
    order: &dyn Fn(usize, usize) -> crate::Result<Ordering>,
) -> crate::Result<Vec<usize>> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = merge_sort(items.split_off(items.len() / 2), order)?;
    let left = merge_sort(items, order)?;
    let mut sorted = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(&one), Some(&other)) = (left.peek(), right.peek()) {
        let next = if order(one, other)?.is_gt() { right.next() } else { left.next() };
        sorted.extend(next);
    }
    sorted.extend(left);
    sorted.extend(right);
    Ok(sorted)
}
