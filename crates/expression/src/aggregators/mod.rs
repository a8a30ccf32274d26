//! Aggregators that need the expression language: one file each, and this list.

mod expression;

use aggregate::Kind;

// open set
/// To be given to `aggregate::parse_aggregator` beside its own.
pub static AGGREGATORS: &[&Kind] = &[&expression::KIND];

#[cfg(test)]
mod tests;
