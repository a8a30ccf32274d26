//! What a segment file holds, for people.

use std::path::Path;

use aggregate::ColumnType;
use arrow_array::Array;
use bytes::Bytes;
use parquet::file::metadata::ParquetMetaData;
use serde::Serialize;
use serde_json::Value;
use timeline::Interval;

use super::Depth;
use super::directory::ColumnEntry;
use super::image::{read_rows, split};
use super::open::map;
use super::parquet::{guarded, section_of};
use super::rows::Rows;
use super::section::Section;
use crate::{Bounds, Error, Result, Role, SegmentMetadata, TIME_COLUMN};

/// What stands in a segment file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// `parquet` or `image`.
    pub format: &'static str,
    pub format_version: u32,
    pub size_bytes: u64,
    pub num_rows: u64,
    pub num_records: u64,
    /// Of the rows.
    pub time_range: Interval,
    /// `None` where telling would take reading all rows.
    pub num_distinct_times: Option<u64>,
    pub columns: Vec<ColumnInspection>,
    pub metadata: SegmentMetadata,
}

/// One column of a segment file.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnInspection {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub role: Role,
    pub multi_value: bool,
    pub num_nulls: u64,
    /// Distinct values of a string column.
    pub cardinality: Option<u64>,
    pub min: Option<Value>,
    pub max: Option<Value>,
    /// Of the rows, as stored.
    pub data_bytes: u64,
    pub dictionary_bytes: u64,
    /// Of bitmaps and zones.
    pub index_bytes: u64,
    pub num_bitmaps: u64,
}

/// Reads the directory of a Parquet segment or of a local image. Fails on other files.
pub fn inspect(path: &Path) -> Result<Inspection> {
    let file = map(path)?;
    if file.starts_with(b"PAR1") {
        let metadata = guarded(|| {
            let metadata = parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&file);
            metadata.map_err(|e| Error::corrupt(format!("parquet: {e}")))
        })?;
        let section = section_of(&file, &metadata)?;
        let num_times = Section::open(&section)?.num_runs();
        return describe("parquet", &file, &section, num_times, |at, _| Ok(parquet_bytes(&metadata, at)));
    }
    let (arrow, section) = split(&file, Depth::Whole)?;
    let opened = Section::open(&section)?;
    let mut stored = read_rows(arrow, &opened.directory, Depth::Whole)?;
    let bytes: Vec<u64> = stored.iter().map(Rows::size_bytes).collect();
    let behind = stored.first_mut().and_then(Rows::take_behind);
    let num_times = opened.times(behind, Depth::Whole)?.num_distinct() as u64;
    describe("image", &file, &section, Some(num_times), |at, _| Ok(bytes.get(at).copied().unwrap_or(0)))
}

/// Compressed bytes of a column; its leaf is at the same place, for no column has two.
fn parquet_bytes(metadata: &ParquetMetaData, at: usize) -> u64 {
    let chunks = metadata.row_groups().iter().filter_map(|group| group.columns().get(at));
    chunks.map(|chunk| u64::try_from(chunk.compressed_size()).unwrap_or(0)).sum()
}

fn describe(
    format: &'static str,
    file: &Bytes,
    section: &Bytes,
    num_distinct_times: Option<u64>,
    data_bytes: impl Fn(usize, &ColumnEntry) -> Result<u64>,
) -> Result<Inspection> {
    let section = Section::open(section)?;
    let mut columns = Vec::new();
    for (at, entry) in section.directory.columns.iter().enumerate() {
        columns.push(column(&section, entry, data_bytes(at, entry)?)?);
    }
    let time = section.directory.columns.first().map(|time| time.stats(&ColumnType::Long).bounds);
    let time_range = match time.flatten() {
        Some(Bounds::Long { min, max }) => Interval { start: min, end: max.saturating_add(1) },
        _ => Interval { start: 0, end: 0 },
    };
    Ok(Inspection {
        format,
        format_version: section.directory.format_version,
        size_bytes: file.len() as u64,
        num_rows: section.directory.num_rows,
        num_records: section.directory.num_records,
        time_range,
        num_distinct_times,
        columns,
        metadata: section.directory.metadata.clone(),
    })
}

fn column(section: &Section, entry: &ColumnEntry, data_bytes: u64) -> Result<ColumnInspection> {
    let column_type = entry.column_type()?;
    let (dictionary_bytes, mut index_bytes) = Section::index_bytes(entry);
    if entry.name == TIME_COLUMN {
        let blocks = section.directory.time_blocks.map_or(0, |blocks| blocks.len);
        index_bytes += section.directory.times.len + section.directory.time_starts.len + blocks;
    }
    let dictionary = section.dictionary(entry, Depth::Whole)?;
    let bitmaps = match &dictionary {
        Some(dictionary) => section.bitmaps(entry, dictionary.values().len(), Depth::Whole)?,
        None => None,
    };
    let bound = |pick: fn(Bounds) -> Value| entry.stats(&column_type).bounds.map(pick);
    Ok(ColumnInspection {
        name: entry.name.clone(),
        type_name: entry.type_name.clone(),
        role: entry.role,
        multi_value: entry.multi_value,
        num_nulls: entry.num_nulls,
        cardinality: entry.dictionary.as_ref().map(|d| d.num_values),
        min: bound(|b| match b {
            Bounds::Long { min, .. } => min.into(),
            Bounds::Double { min, .. } => min.into(),
        }),
        max: bound(|b| match b {
            Bounds::Long { max, .. } => max.into(),
            Bounds::Double { max, .. } => max.into(),
        }),
        data_bytes,
        dictionary_bytes,
        index_bytes,
        num_bitmaps: bitmaps.map_or(0, |b| b.num_bitmaps() as u64),
    })
}
