//! Rows that can be scanned: live, sealed, merged.

mod batch_view;
mod bitmap;
mod codes;
pub mod conformance;
mod dictionary;
mod error;
mod held;
mod input;
mod live;
mod nested;
mod number_codes;
mod rollup_schema;
mod schema;
mod sealed;
mod segment;
mod time_runs;
mod write;

pub use aggregate::{Codes, ColumnType, Dictionary, Shape};
pub use batch_view::{ArrayColumn, BatchView, BatchViewBuilder};
pub use bitmap::{BitmapPolicy, RoaringIndex};
pub use codes::{CodeWidth, codes_of, narrow, widen};
pub use dictionary::{StringDictionary, compare_values};
pub use error::{Error, Result};
pub use held::Held;
pub use input::input_of;
pub use live::{Appended, Batch, Limits, LiveIndex, LiveSnapshot, MetricInput};
pub use nested::{Field, Fields};
pub use number_codes::NumberCodes;
pub use rollup_schema::{DimensionSchema, MAX_COLUMNS, MultiValueHandling, RollupSchema, common_type};
pub use schema::{ColumnSchema, Role, Schema, SegmentMetadata, unfiltered};
pub use sealed::{
    ColumnInspection, Inspection, SealedSegment, image_from_parquet, inspect, write_image, write_parquet,
};
pub use segment::{
    BitmapIndex, Bounds, Column, ColumnRef, ColumnStats, Segment, SegmentRef, TIME_COLUMN, VECTOR_ROWS, WEIGHT_COLUMN,
};
pub use time_runs::TimeRuns;
pub use write::{Source, Table, merge, rows_within};
