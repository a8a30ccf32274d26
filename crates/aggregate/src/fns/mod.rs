//! The aggregators: one file each, and this list.

use crate::spec::Kind;

mod approx_histogram;
mod approx_histogram_fold;
mod array_of_doubles_sketch;
mod bloom;
mod cardinality;
mod count;
mod distinct_count;
mod double_any;
mod double_first;
mod double_last;
mod double_max;
mod double_mean;
mod double_min;
mod double_sum;
mod fixed_buckets_histogram;
mod float_any;
mod float_first;
mod float_last;
mod float_max;
mod float_min;
mod float_sum;
mod grouping;
mod histogram;
mod hll_sketch;
mod hll_sketch_build;
mod hll_sketch_merge;
mod hyper_unique;
mod kll_doubles_sketch;
mod kll_doubles_sketch_merge;
mod kll_floats_sketch;
mod kll_floats_sketch_merge;
mod long_any;
mod long_first;
mod long_last;
mod long_max;
mod long_min;
mod long_sum;
mod moment_sketch;
mod moment_sketch_merge;
mod quantiles_doubles_sketch;
mod quantiles_doubles_sketch_merge;
mod single_value;
mod sketch_build;
mod sketch_merge;
mod string_any;
mod string_first;
mod string_first_fold;
mod string_last;
mod string_last_fold;
mod t_digest_sketch;
mod theta_sketch;
mod variance;
mod variance_fold;

/// All aggregators that need nothing but columns.
pub static KINDS: &[&Kind] = &[
    &approx_histogram::KIND,
    &approx_histogram_fold::KIND,
    &array_of_doubles_sketch::KIND,
    &bloom::KIND,
    &cardinality::KIND,
    &count::KIND,
    &distinct_count::KIND,
    &double_any::KIND,
    &double_first::KIND,
    &double_last::KIND,
    &double_max::KIND,
    &double_mean::KIND,
    &double_min::KIND,
    &double_sum::KIND,
    &fixed_buckets_histogram::KIND,
    &float_any::KIND,
    &float_first::KIND,
    &float_last::KIND,
    &float_max::KIND,
    &float_min::KIND,
    &float_sum::KIND,
    &grouping::KIND,
    &histogram::KIND,
    &hll_sketch::KIND,
    &hll_sketch_build::KIND,
    &hll_sketch_merge::KIND,
    &hyper_unique::KIND,
    &kll_doubles_sketch::KIND,
    &kll_doubles_sketch_merge::KIND,
    &kll_floats_sketch::KIND,
    &kll_floats_sketch_merge::KIND,
    &long_any::KIND,
    &long_first::KIND,
    &long_last::KIND,
    &long_max::KIND,
    &long_min::KIND,
    &long_sum::KIND,
    &moment_sketch::KIND,
    &moment_sketch_merge::KIND,
    &quantiles_doubles_sketch::KIND,
    &quantiles_doubles_sketch_merge::KIND,
    &single_value::KIND,
    &sketch_build::KIND,
    &sketch_merge::KIND,
    &string_any::KIND,
    &string_first::KIND,
    &string_first_fold::KIND,
    &string_last::KIND,
    &string_last_fold::KIND,
    &t_digest_sketch::KIND,
    &theta_sketch::KIND,
    &variance::KIND,
    &variance_fold::KIND,
];

#[cfg(test)]
mod tests;
