//! The directory of an index section: what lies where, as JSON.

use aggregate::{ColumnType, Shape};
use serde::{Deserialize, Serialize};

use super::stored::PathEntry;
use crate::{Bounds, ColumnStats, Error, Result, Role, SegmentMetadata};

/// The version that is written; all before it are read.
pub(super) const FORMAT_VERSION: u32 = 2;

/// Bytes within a section, from its start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Extent {
    pub(super) at: u64,
    pub(super) len: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Directory {
    pub(super) format_version: u32,
    pub(super) num_rows: u64,
    pub(super) num_records: u64,
    /// Distinct times, `i64` each; empty where there are blocks.
    pub(super) times: Extent,
    /// First row of each distinct time, `u32` each; empty where there are blocks.
    pub(super) time_starts: Extent,
    /// The first time of each 1,024 rows, `i64` each, where most times differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) time_blocks: Option<Extent>,
    pub(super) columns: Vec<ColumnEntry>,
    pub(super) metadata: SegmentMetadata,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ColumnEntry {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) type_name: String,
    pub(super) role: Role,
    pub(super) multi_value: bool,
    pub(super) has_nulls: bool,
    pub(super) num_nulls: u64,
    /// Bits of the smallest and largest number: of the long, or of the double.
    pub(super) bounds: Option<[u64; 2]>,
    pub(super) dictionary: Option<DictionaryEntry>,
    pub(super) bitmaps: Option<Extent>,
    pub(super) zones: Option<Extent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) determined: Option<DeterminedEntry>,
    /// Of nested data: whether each path to a literal has a column. Absent when none was looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) all_paths: Option<bool>,
    /// The column is a path of nested data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<PathEntry>,
}

/// What determines a column of text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeterminedEntry {
    pub(super) by: String,
    /// The code for each code of the other column, `u32` each.
    pub(super) map: Extent,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DictionaryEntry {
    pub(super) num_values: u64,
    /// The first value is null.
    pub(super) has_null: bool,
    /// Ends of the values in `bytes`, preceded by 0: `i32` each.
    pub(super) offsets: Extent,
    pub(super) bytes: Extent,
}

/// Values up to which a determined column has codes of its own all the same: a byte a row is quicker to look at
/// than a code of another column to look up.
pub(super) const MAX_OWN_CODES: u64 = 256;

impl ColumnEntry {
    /// Whether an image holds nothing of the rows, for they follow from another column.
    pub(super) fn is_mapped(&self) -> bool {
        let len = self.dictionary.as_ref().map_or(0, |dictionary| dictionary.num_values);
        self.determined.is_some() && len > MAX_OWN_CODES
    }

    pub(super) fn column_type(&self) -> Result<ColumnType> {
        Ok(match self.type_name.as_str() {
            "LONG" => ColumnType::Long,
            "DOUBLE" => ColumnType::Double,
            "FLOAT" => ColumnType::Float,
            "STRING" => ColumnType::String,
            other => match (within(other, "COMPLEX<"), within(other, "VALUE<").and_then(Shape::of_name)) {
                (Some(name), _) => ColumnType::state(name),
                (None, Some(shape)) => ColumnType::Value(shape),
                (None, None) => return Err(Error::Unsupported(format!("column type '{other}'"))),
            },
        })
    }

    pub(super) fn stats(&self, column_type: &ColumnType) -> ColumnStats {
        let bounds = self.bounds.map(|[min, max]| bounds_of(min, max, column_type));
        ColumnStats { bounds, num_nulls: self.num_nulls }
    }
}

/// What stands between the angle brackets of a type's name.
fn within<'a>(name: &'a str, opening: &str) -> Option<&'a str> {
    name.strip_prefix(opening)?.strip_suffix('>')
}

/// The name of a type in a directory.
pub(super) fn type_name(column_type: &ColumnType) -> String {
    match column_type {
        ColumnType::Value(shape) => format!("VALUE<{}>", shape.name()),
        other => other.to_string(),
    }
}

pub(super) fn bounds_bits(bounds: Bounds) -> [u64; 2] {
    match bounds {
        Bounds::Long { min, max } => [min as u64, max as u64],
        Bounds::Double { min, max } => [min.to_bits(), max.to_bits()],
    }
}

pub(super) fn bounds_of(min: u64, max: u64, column_type: &ColumnType) -> Bounds {
    match column_type {
        ColumnType::Long => Bounds::Long { min: min as i64, max: max as i64 },
        ColumnType::Double | ColumnType::Float | ColumnType::String | ColumnType::State(_) | ColumnType::Value(_) => {
            Bounds::Double { min: f64::from_bits(min), max: f64::from_bits(max) }
        }
    }
}
