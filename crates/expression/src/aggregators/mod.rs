//! Aggregators that need the expression language: one file each, and this list.

mod expression;
mod javascript;

use aggregate::Kind;

// open set
/// To be given to `aggregate::parse_aggregator` beside its own.
pub static AGGREGATORS: &[&Kind] = &[&expression::KIND, &javascript::KIND];

#[cfg(test)]
mod tests;
