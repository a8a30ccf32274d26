//! The aggregators: one file each, and this list.

use crate::spec::Kind;

mod count;
mod double_sum;
mod float_sum;
mod long_sum;

/// All aggregators that need nothing but columns.
pub static KINDS: &[&Kind] = &[&count::KIND, &double_sum::KIND, &float_sum::KIND, &long_sum::KIND];
