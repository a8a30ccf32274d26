//! Rows that can be scanned: live, sealed, merged.

mod batch_view;
mod bitmap;
pub mod codes;
mod dictionary;
mod error;
mod schema;
mod segment;
mod time_runs;

pub use aggregate::{Codes, ColumnType, Dictionary};
pub use batch_view::{ArrayColumn, BatchView, BatchViewBuilder};
pub use bitmap::{BitmapPolicy, RoaringIndex};
pub use dictionary::{StringDictionary, compare_values};
pub use error::{Error, Result};
pub use schema::{ColumnSchema, Role, Schema, SegmentMetadata};
pub use segment::{
    BitmapIndex, Bounds, Column, ColumnRef, ColumnStats, Segment, SegmentRef, TIME_COLUMN, VECTOR_ROWS, WEIGHT_COLUMN,
};
pub use time_runs::TimeRuns;
