//! What several aggregators share; they differ in the number type, in which row they choose, or in
//! what their sketch is fed.

pub(crate) mod any;
pub(crate) mod approx_histogram;
pub(crate) mod at_end;
pub(crate) mod druid_hll;
pub(crate) mod extreme;
pub(crate) mod first_last;
pub(crate) mod hashing;
pub(crate) mod hll;
pub(crate) mod moments;
pub(crate) mod number_sketch;
pub(crate) mod number_spec;
pub(crate) mod quantiles;
pub(crate) mod scalar;
pub(crate) mod sketch_spec;
pub(crate) mod sum;
pub(crate) mod text;
pub(crate) mod timed;
pub(crate) mod tuples;
pub(crate) mod variance;

#[cfg(test)]
mod many_groups_tests;
#[cfg(test)]
mod tests;
