//! Aggregators that differ only in the number type.

pub(crate) mod sum;

pub(crate) mod number_spec;
