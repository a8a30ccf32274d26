//! Ingestion specs: as written into as meant, and printed back with their defaults.

mod data_schema;
mod dimensions;
pub mod fields;
mod granularity;
mod metrics;
mod timestamp;
mod transform;

pub use data_schema::{DataSchema, TIME_COLUMN, check_name};
pub use dimensions::{Dimension, DimensionType, DimensionsSpec, MAX_DIMENSIONS, MultiValueHandling};
pub use granularity::GranularitySpec;
pub use metrics::Metric;
pub(crate) use metrics::parse_metrics;
pub use timestamp::TimestampSpec;
pub use transform::{Transform, TransformSpec};
