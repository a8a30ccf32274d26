//! Rows that can be scanned: live, sealed, merged.

mod batch_view;
mod bitmap;
mod codes;
pub mod conformance;
mod determined;
mod dictionary;
mod error;
mod held;
mod input;
mod list_codes;
mod live;
mod nested;
mod number_codes;
mod over;
mod packed_numbers;
mod pieces;
mod rollup_schema;
mod schema;
mod sealed;
mod segment;
mod sorted_times;
mod write;

pub use aggregate::{Codes, ColumnType, Dictionary, Shape};
pub use batch_view::{ArrayColumn, BatchView, BatchViewBuilder};
pub use bitmap::{BitmapPolicy, RoaringIndex};
pub use codes::{CodeWidth, codes_of, map_codes, narrow, remap_codes, widen};
pub use determined::Determined;
pub use dictionary::{StringDictionary, compare_values};
pub use error::{Error, Result};
pub use held::Held;
pub use input::input_of;
pub use list_codes::ListCodes;
pub use live::{Appended, Batch, Limits, LiveIndex, LiveSnapshot, MetricInput, folds_in_vain};
pub use nested::{Field, Fields};
pub use number_codes::{NumberCodes, ReadCodes, distinct_numbers};
pub use over::Over;
pub use packed_numbers::PackedNumbers;
pub use rollup_schema::{DimensionSchema, MAX_COLUMNS, MultiValueHandling, RollupSchema, common_type};
pub use schema::{ColumnSchema, Role, Schema, SegmentMetadata, unfiltered};
pub use sealed::{
    ColumnInspection, Inspection, SealedSegment, image_from_parquet, inspect, write_image, write_parquet,
};
pub use segment::{
    BitmapIndex, Bounds, Column, ColumnRef, ColumnStats, Segment, SegmentRef, TIME_COLUMN, VECTOR_ROWS, WEIGHT_COLUMN,
};
pub use sorted_times::SortedTimes;
pub use write::{Source, Table, bind, goes_with, merge, rows_within};
