//! The hall: what it takes to be scanned.

use std::ops::Range;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::ArrayRef;
use timeline::{Interval, SegmentId};

use crate::{Determined, Fields, ListCodes, NumberCodes, PackedNumbers, Schema, SegmentMetadata, SortedTimes};

/// Rows handed over at a time: four vectors to a roaring container.
pub const VECTOR_ROWS: usize = 16_384;
/// The primary time column, milliseconds since the epoch.
pub const TIME_COLUMN: &str = "__time";
/// Hidden long: how many records were folded into the row. Absent when each row is one record, or when a
/// `count` metric says the same.
pub const WEIGHT_COLUMN: &str = "__weight";

pub type SegmentRef = Arc<dyn Segment>;
pub type ColumnRef = Arc<dyn Column>;

/// Rows that can be scanned: a live snapshot, a sealed file, a parsed batch, the answer of a subquery.
pub trait Segment: Send + Sync {
    fn id(&self) -> &SegmentId;
    fn schema(&self) -> &Schema;
    /// At most `u32::MAX`.
    fn num_rows(&self) -> usize;
    /// Of the rows, not of the id: first instant to last instant + 1 ms; start = end when there is no row.
    fn time_range(&self) -> Interval;
    /// `None` reads as all null. `__time` is a column; a hidden column answers to its name.
    fn column(&self, name: &str) -> Option<ColumnRef>;
    /// `Some` when the rows are sorted by time.
    fn sorted_times(&self) -> Option<&SortedTimes>;
    fn metadata(&self) -> &SegmentMetadata;
}

/// One column of a segment.
pub trait Column: Send + Sync {
    fn column_type(&self) -> ColumnType;
    /// A string column whose rows may hold several values.
    fn is_multi_value(&self) -> bool;
    /// Whether some row is null (for a multi-value column: empty, or holding a null). May answer true without
    /// knowing.
    fn has_nulls(&self) -> bool;
    /// The rows of a range. Long `Int64Array`, double `Float64Array`, float `Float32Array`, state
    /// `BinaryArray`, each with Arrow nulls; string `UInt8Array`, `UInt16Array` or `UInt32Array` of codes
    /// without Arrow nulls; multi-value `ListArray` of such codes without null lists, a null row being a
    /// list of the null code. An empty list reads as null too, but has no value to group by one by one. The same integer width for every call on a column. Panics when the range is out of bounds.
    fn read(&self, rows: Range<usize>) -> ArrayRef;
    /// Scattered rows, in the order asked, as the same array types. Panics when a row is out of bounds.
    fn take(&self, rows: &[u32]) -> ArrayRef;
    /// Of a string column: what the codes stand for. Null is an entry.
    fn dictionary(&self) -> Option<Arc<dyn Dictionary>>;
    /// `None` is allowed of every column: filters work without.
    fn bitmaps(&self) -> Option<&dyn BitmapIndex>;
    /// Bytes the column holds in memory or on disk, its dictionary included.
    fn size_bytes(&self) -> u64;
    /// Smallest and largest number and the number of nulls, where known.
    fn stats(&self) -> Option<ColumnStats> {
        None
    }
    /// Of a column of numbers that repeat: codes beside them, where they are kept.
    fn number_codes(&self) -> Option<&NumberCodes> {
        None
    }
    /// Of a column of nested data: its paths, where they are columns of their own.
    fn fields(&self) -> Option<Arc<dyn Fields>> {
        None
    }
    /// Of a column of numbers that are held as narrow integers: these.
    fn packed(&self) -> Option<&PackedNumbers> {
        None
    }
    /// Of a multi-value column whose lists repeat: codes of whole lists, where they are kept.
    fn list_codes(&self) -> Option<&ListCodes> {
        None
    }
    /// Of a text column of single values: the column that determines it, where one is known.
    fn determined(&self) -> Option<&Determined> {
        None
    }
    /// Bounds of the numbers in a range of rows, possibly wider than true. `None` when not known.
    fn zone(&self, _rows: Range<usize>) -> Option<Bounds> {
        None
    }
}

/// Which rows hold a value, for the values worth it.
pub trait BitmapIndex: Send + Sync {
    /// The exact number of rows that hold the code. `None`: this value has no bitmap, scan the codes.
    /// For a multi-value column a row counts once; the null code stands for empty lists too.
    fn cardinality(&self, code: u32) -> Option<u64>;
    /// ORs the rows of the range that hold the code into `words`: bit i stands for row `rows.start + i`.
    /// `words` holds at least `ceil(rows.len() / 64)` words. Nothing happens for a code without bitmap.
    fn fill(&self, code: u32, rows: Range<usize>, words: &mut [u64]);
    /// Appends the rows of the range that hold the code, ascending, as row numbers of the segment.
    fn positions(&self, code: u32, rows: Range<usize>, out: &mut Vec<u32>);
}

/// Smallest and largest number of a set of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds {
    Long {
        min: i64,
        max: i64,
    },
    /// Of doubles and floats. Absent when a NaN occurs.
    Double {
        min: f64,
        max: f64,
    },
}

impl Bounds {
    /// The bounds of a range of rows by those of the vectors that it touches; `None` when one is not known.
    pub(crate) fn of_zones(zones: &[Option<Bounds>], rows: Range<usize>) -> Option<Bounds> {
        let mut zones = zones.get(rows.start / VECTOR_ROWS..rows.end.div_ceil(VECTOR_ROWS))?.iter().copied();
        let first = zones.next()??;
        zones.try_fold(first, |all, zone| Some(all.spanning(zone?)))
    }

    /// The bounds of both. Longs and doubles do not meet in one column.
    pub fn spanning(self, other: Bounds) -> Bounds {
        match (self, other) {
            (Bounds::Long { min, max }, Bounds::Long { min: low, max: high }) => {
                Bounds::Long { min: min.min(low), max: max.max(high) }
            }
            (Bounds::Double { min, max }, Bounds::Double { min: low, max: high }) => {
                Bounds::Double { min: min.min(low), max: max.max(high) }
            }
            (mine, _) => mine,
        }
    }
}

/// What is known of a whole column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnStats {
    /// `None` for strings and states, and when every row is null.
    pub bounds: Option<Bounds>,
    pub num_nulls: u64,
}
