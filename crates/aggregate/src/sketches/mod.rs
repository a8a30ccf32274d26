//! Sketches: small summaries that answer about many values, and the maths over them. Pure: no
//! aggregator, no column.

pub mod approx_histogram;
pub mod bloom;
mod bytes;
pub mod distinct;
pub mod druid_hll;
pub mod fixed_buckets;
pub mod histogram;
pub mod hll;
pub mod kll;
pub mod moments;
pub mod murmur;
pub mod number_sketch;
pub mod quantile_sketch;
pub mod quantiles;
pub mod tdigest;
pub mod theta;
pub mod tuple;
pub mod variance;
