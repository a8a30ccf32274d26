//! Aggregators that need the expression language or its dates: one file each, and this list.

mod expression;
mod javascript;
mod time_extreme;
mod time_max;
mod time_min;

use aggregate::Kind;

// open set
// helpers: time_extreme
/// To be given to `aggregate::parse_aggregator` beside its own.
pub static AGGREGATORS: &[&Kind] = &[&expression::KIND, &javascript::KIND, &time_max::KIND, &time_min::KIND];

#[cfg(test)]
mod tests;
