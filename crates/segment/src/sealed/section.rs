//! The index section: directory, dictionaries, bitmaps, times, zones, what columns determine.

use std::sync::Arc;

use aggregate::{Codes, ColumnType};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use bytes::Bytes;

use super::Depth;
use super::column::StoredColumn;
use super::directory::{
    ColumnEntry, DeterminedEntry, DictionaryEntry, Directory, Extent, FORMAT_VERSION, MAX_OWN_CODES, bounds_bits,
    bounds_of, type_name,
};
use super::rows::Rows;
use super::stored::Stored;
use crate::batch_view::bounds;
use crate::bitmap::{self, BitmapPolicy, RoaringIndex};
use crate::codes::codes_of;
use crate::sorted_times::{BLOCK_ROWS, Behind};
use crate::{
    ArrayColumn, Bounds, Column, ColumnRef, Determined, Error, Result, Segment, SortedTimes, StringDictionary,
    TIME_COLUMN, Table, VECTOR_ROWS, determined,
};

const MAGIC: &[u8; 8] = b"DOLMENIX";
const HEAD_BYTES: usize = 16;
const ALIGNMENT: usize = 8;
const ZONE_BYTES: usize = 24;
/// Bytes of a time and the row it starts at.
const RUN_BYTES: usize = 12;
/// Bytes that a row's time takes behind that of its block.
const BEHIND_BYTES: usize = 2;

/// Blobs one after the other, each aligned.
#[derive(Default)]
struct Blobs(Vec<u8>);

impl Blobs {
    fn push(&mut self, bytes: &[u8]) -> Extent {
        self.0.resize(self.0.len().next_multiple_of(ALIGNMENT), 0);
        let extent = Extent { at: self.0.len() as u64, len: bytes.len() as u64 };
        self.0.extend_from_slice(bytes);
        extent
    }
}

/// Everything about a table but its rows, as bytes. Extents count from the end of the directory, which is
/// padded to 8 bytes.
pub(super) fn write_section(table: &Table, columns: &[Stored]) -> Result<(Directory, Vec<u8>)> {
    let view = table.view();
    let mut blobs = Blobs::default();
    let runs = view.sorted_times().ok_or_else(|| Error::invalid("a table is sorted by time"))?;
    let (times, time_starts, time_blocks) = write_times(runs, &mut blobs);
    let determined = determined(columns, view.num_rows());
    let entries = columns.iter().zip(determined);
    let entries = entries.map(|(column, determined)| entry(view.num_rows(), column, determined, &mut blobs));
    let directory = Directory {
        format_version: FORMAT_VERSION,
        num_rows: view.num_rows() as u64,
        num_records: table.num_records(),
        times,
        time_starts,
        time_blocks,
        columns: entries.collect::<Result<_>>()?,
        metadata: view.metadata().clone(),
    };
    let json = serde_json::to_vec(&directory).map_err(|e| Error::Encode(e.to_string()))?;
    let json_len = u32::try_from(json.len()).map_err(|_| Error::LimitExceeded("directory of a segment".into()))?;
    let mut section = Vec::with_capacity(HEAD_BYTES + json.len() + blobs.0.len());
    section.extend_from_slice(MAGIC);
    section.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    section.extend_from_slice(&json_len.to_le_bytes());
    section.extend_from_slice(&json);
    section.resize(section.len().next_multiple_of(ALIGNMENT), 0);
    section.extend_from_slice(&blobs.0);
    Ok((directory, section))
}

fn le_bytes<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    values.iter().flat_map(|&value| bytes(value)).collect()
}

/// Runs where they are few, else the first time of each block.
fn write_times(times: &SortedTimes, blobs: &mut Blobs) -> (Extent, Extent, Option<Extent>) {
    let num_rows = times.num_rows();
    let runs = times.runs().filter(|(times, _)| times.len() * RUN_BYTES <= num_rows * BEHIND_BYTES);
    let all = times.read(0..num_rows);
    let blocks = || Behind::of(all.values()).map(|_| all.values().chunks(BLOCK_ROWS).map(|block| block[0]).collect());
    let blocks: Option<Vec<i64>> = if runs.is_none() { blocks() } else { None };
    match (blocks, times.runs()) {
        (Some(firsts), _) => {
            let empty = blobs.push(&[]);
            (empty, empty, Some(blobs.push(&le_bytes(&firsts, i64::to_le_bytes))))
        }
        (None, runs) => {
            let (times, starts) = runs.unwrap_or_default();
            (blobs.push(&le_bytes(times, i64::to_le_bytes)), blobs.push(&le_bytes(starts, u32::to_le_bytes)), None)
        }
    }
}

/// Which columns of single texts others determine: their name, and the map of codes.
fn determined(columns: &[Stored], num_rows: usize) -> Vec<Option<(String, Vec<u32>)>> {
    let texts = columns.iter().map(|stored| {
        let column = &stored.column;
        let is_text = column.column_type() == ColumnType::String && !column.is_multi_value();
        Some((column.read(0..num_rows), column.dictionary().filter(|_| is_text)?.len()))
    });
    let texts: Vec<Option<(ArrayRef, usize)>> = texts.collect();
    let codes = texts.iter().map(|text| text.as_ref().and_then(|(array, len)| Some((codes_of(array.as_ref())?, *len))));
    let found = determined::find(&codes.collect::<Vec<_>>());
    let named = |(by, map): (usize, Vec<u32>)| (columns[by].name.clone(), map);
    found.into_iter().map(|found| found.map(named)).collect()
}

fn entry(
    num_rows: usize,
    stored: &Stored,
    determined: Option<(String, Vec<u32>)>,
    blobs: &mut Blobs,
) -> Result<ColumnEntry> {
    let column = &stored.column;
    let column_type = column.column_type();
    let array = column.read(0..num_rows);
    let dictionary = column.dictionary();
    let (mut zones, mut bitmaps, mut of_dictionary) = (None, None, None);
    let determined =
        determined.map(|(by, map)| DeterminedEntry { by, map: blobs.push(&le_bytes(&map, u32::to_le_bytes)) });
    if let Some(dictionary) = dictionary {
        let values: StringArray = (0..dictionary.len() as u32).map(|code| dictionary.get(code)).collect();
        of_dictionary = Some(write_dictionary(&values, blobs));
        let is_mapped = determined.is_some() && dictionary.len() as u64 > MAX_OWN_CODES;
        if stored.wants_bitmaps && !is_mapped {
            let list = array.as_list_opt::<i32>();
            let codes = codes_of(list.map_or(array.as_ref(), |l| l.values().as_ref())).unwrap_or(Codes::U8(&[]));
            let offsets = list.map(|l| &l.offsets()[..]);
            let null = dictionary.code_of(None);
            let bytes = bitmap::build(codes, offsets, dictionary.len(), null, BitmapPolicy::WhereFaster)?;
            bitmaps = Some(blobs.push(&bytes));
        }
    } else if !matches!(column_type, ColumnType::State(_)) && num_rows > VECTOR_ROWS {
        zones = Some(blobs.push(&write_zones(array.as_ref())));
    }
    let num_nulls = match column.stats() {
        Some(stats) => stats.num_nulls,
        None => num_null_rows(column.as_ref(), array.as_ref()),
    };
    Ok(ColumnEntry {
        name: stored.name.clone(),
        type_name: type_name(&column_type),
        role: stored.role,
        multi_value: column.is_multi_value(),
        has_nulls: column.has_nulls(),
        num_nulls,
        bounds: column.stats().and_then(|s| s.bounds).map(bounds_bits),
        dictionary: of_dictionary,
        bitmaps,
        zones,
        determined,
        all_paths: stored.all_paths,
        path: stored.path.clone(),
    })
}

fn num_null_rows(column: &dyn Column, array: &dyn Array) -> u64 {
    let null = column.dictionary().and_then(|d| d.code_of(None));
    let list = array.as_list_opt::<i32>();
    let codes = codes_of(list.map_or(array, |list| list.values().as_ref())).unwrap_or(Codes::U8(&[]));
    match (list, null) {
        (Some(list), null) => {
            let is_null = |ends: &&[i32]| match ends[1] - ends[0] {
                0 => true,
                1 => null == Some(codes.get(ends[0] as usize)),
                _ => false,
            };
            list.offsets().windows(2).filter(is_null).count() as u64
        }
        (None, Some(null)) => (0..codes.len()).filter(|&row| codes.get(row) == null).count() as u64,
        (None, None) => 0,
    }
}

fn write_dictionary(values: &StringArray, blobs: &mut Blobs) -> DictionaryEntry {
    let first = values.value_offsets().first().copied().unwrap_or(0);
    let offsets: Vec<i32> = values.value_offsets().iter().map(|o| o - first).collect();
    let (start, len) = (first as usize, offsets.last().copied().unwrap_or(0) as usize);
    DictionaryEntry {
        num_values: values.len() as u64,
        has_null: values.null_count() > 0,
        offsets: blobs.push(&le_bytes(&offsets, i32::to_le_bytes)),
        bytes: blobs.push(&values.value_data()[start..start + len]),
    }
}

/// For each vector: 1 and the bits of its bounds, or zeros when they are not known.
fn write_zones(array: &dyn Array) -> Vec<u8> {
    let mut out = Vec::new();
    for start in (0..array.len()).step_by(VECTOR_ROWS) {
        let vector = array.slice(start, VECTOR_ROWS.min(array.len() - start));
        let words = match bounds(vector.as_ref()).map(bounds_bits) {
            Some([min, max]) => [1, min, max],
            None => [0; 3],
        };
        out.extend(words.iter().flat_map(|w| w.to_le_bytes()));
    }
    out
}

/// An index section, checked.
pub(super) struct Section {
    pub(super) directory: Directory,
    blobs: Bytes,
}

impl Section {
    pub(super) fn open(bytes: &Bytes) -> Result<Self> {
        let head = bytes.get(..HEAD_BYTES).filter(|head| head.starts_with(MAGIC));
        let head = head.ok_or_else(|| Error::corrupt("index section without its mark"))?;
        let word = |at: usize| head.get(at..).and_then(|b| b.first_chunk::<4>()).map_or(0, |b| u32::from_le_bytes(*b));
        if !(1..=FORMAT_VERSION).contains(&word(8)) {
            let known = format!("this build reads 1 to {FORMAT_VERSION}");
            return Err(Error::Unsupported(format!("segment format version {}, {known}", word(8))));
        }
        let end = HEAD_BYTES + word(12) as usize;
        let json = bytes.get(HEAD_BYTES..end).ok_or_else(|| Error::corrupt("directory cut short"))?;
        let directory: Directory =
            serde_json::from_slice(json).map_err(|e| Error::corrupt(format!("directory: {e}")))?;
        let blobs_at = end.next_multiple_of(ALIGNMENT).min(bytes.len());
        let time_first = directory.columns.first().is_some_and(|c| c.name == TIME_COLUMN && c.type_name == "LONG");
        if directory.num_rows > u64::from(u32::MAX) || !time_first {
            return Err(Error::corrupt("directory without time, or of too many rows"));
        }
        Ok(Self { directory, blobs: bytes.slice(blobs_at..) })
    }

    pub(super) fn num_rows(&self) -> usize {
        self.directory.num_rows as usize
    }

    fn blob(&self, extent: Extent) -> Result<Bytes> {
        let end = extent.at.checked_add(extent.len).filter(|&end| end <= self.blobs.len() as u64);
        let end = end.ok_or_else(|| Error::corrupt("an extent leaves the index section"))?;
        Ok(self.blobs.slice(extent.at as usize..end as usize))
    }

    /// How many times differ, where it is known without reading rows.
    pub(super) fn num_runs(&self) -> Option<u64> {
        self.directory.time_blocks.is_none().then_some(self.directory.times.len / 8)
    }

    /// The times of the rows, which blocks need to be told of how far they are behind.
    pub(super) fn times(&self, behind: Option<Behind>, depth: Depth) -> Result<SortedTimes> {
        let corrupt = || Error::corrupt("times");
        let sorted = match (self.directory.time_blocks, behind) {
            (Some(blocks), Some(behind)) => {
                SortedTimes::from_blocks(scalars::<i64>(self.blob(blocks)?)?, behind, depth == Depth::Whole)
            }
            (None, None) => {
                let times = scalars::<i64>(self.blob(self.directory.times)?)?;
                let starts = scalars::<u32>(self.blob(self.directory.time_starts)?)?;
                SortedTimes::from_runs(times, starts, self.num_rows())
            }
            _ => None,
        };
        sorted.filter(|sorted| sorted.num_rows() == self.num_rows()).ok_or_else(corrupt)
    }

    pub(super) fn dictionary(&self, entry: &ColumnEntry, depth: Depth) -> Result<Option<Arc<StringDictionary>>> {
        let Some(dictionary) = &entry.dictionary else { return Ok(None) };
        let offsets = scalars::<i32>(self.blob(dictionary.offsets)?)?;
        let bytes = Buffer::from(self.blob(dictionary.bytes)?);
        let len = usize::try_from(dictionary.num_values).unwrap_or(usize::MAX);
        let sound = offsets.len().checked_sub(1) == Some(len)
            && offsets.first() == Some(&0)
            && offsets.is_sorted()
            && offsets.last().is_some_and(|&last| last as usize == bytes.len());
        if !sound {
            return Err(Error::corrupt(format!("dictionary of '{}'", entry.name)));
        }
        let nulls = dictionary.has_null.then(|| (0..len).map(|at| at > 0).collect::<NullBuffer>());
        let values = StringArray::try_new(OffsetBuffer::new(offsets), bytes, nulls)
            .map_err(|e| Error::corrupt(format!("dictionary of '{}': {e}", entry.name)))?;
        Ok(Some(Arc::new(match depth {
            Depth::Whole => StringDictionary::sorted(values)?,
            Depth::Structure => StringDictionary::known_sorted(values),
        })))
    }

    pub(super) fn bitmaps(
        &self,
        entry: &ColumnEntry,
        num_values: usize,
        depth: Depth,
    ) -> Result<Option<Arc<RoaringIndex>>> {
        let Some(extent) = entry.bitmaps else { return Ok(None) };
        let blob = self.blob(extent)?;
        Ok(Some(Arc::new(match depth {
            Depth::Whole => RoaringIndex::open(blob, num_values, self.num_rows())?,
            Depth::Structure => RoaringIndex::known(blob, num_values)?,
        })))
    }

    pub(super) fn zones(&self, entry: &ColumnEntry, column_type: &ColumnType) -> Result<Vec<Option<Bounds>>> {
        let Some(extent) = entry.zones else { return Ok(Vec::new()) };
        let bytes = self.blob(extent)?;
        if bytes.len() != self.num_rows().div_ceil(VECTOR_ROWS) * ZONE_BYTES {
            return Err(Error::corrupt(format!("zones of '{}'", entry.name)));
        }
        let word = |zone: &[u8], at: usize| {
            zone.get(at * 8..).and_then(|b| b.first_chunk::<8>()).map_or(0, |b| u64::from_le_bytes(*b))
        };
        let zones = bytes.chunks_exact(ZONE_BYTES);
        Ok(zones.map(|z| (word(z, 0) == 1).then(|| bounds_of(word(z, 1), word(z, 2), column_type))).collect())
    }

    /// The columns whose rows are these, in the order of the directory.
    pub(super) fn columns(&self, rows: Vec<Rows>, depth: Depth) -> Result<Vec<Arc<StoredColumn>>> {
        let entries = &self.directory.columns;
        let (mut columns, mut waiting) = (vec![None; entries.len()], Vec::new());
        for (at, (entry, rows)) in entries.iter().zip(rows).enumerate() {
            match entry.determined {
                None => columns[at] = Some(Arc::new(self.column(entry, rows, None, depth)?)),
                Some(_) => waiting.push((at, entry, rows)),
            }
        }
        for (at, entry, rows) in waiting {
            let determined = self.determined(entry, &columns)?;
            let column = self.column(entry, rows, Some(determined), depth)?;
            columns[at] = Some(Arc::new(column));
        }
        Ok(columns.into_iter().flatten().collect())
    }

    /// What determines a column; `columns` has it if nothing determines it.
    fn determined(&self, entry: &ColumnEntry, columns: &[Option<Arc<StoredColumn>>]) -> Result<Determined> {
        let corrupt = || Error::corrupt(format!("what determines column '{}'", entry.name));
        let (written, own) = entry.determined.as_ref().zip(entry.dictionary.as_ref()).ok_or_else(corrupt)?;
        let at = self.directory.columns.iter().position(|other| other.name == written.by).ok_or_else(corrupt)?;
        let column = columns.get(at).cloned().flatten().ok_or_else(corrupt)?;
        let map = scalars::<u32>(self.blob(written.map)?)?;
        let len = column.dictionary().map(|dictionary| dictionary.len());
        let single = !column.is_multi_value() && !entry.multi_value;
        if len != Some(map.len()) || !single || map.iter().any(|&code| u64::from(code) >= own.num_values) {
            return Err(corrupt());
        }
        Ok(Determined {
            by: written.by.as_str().into(),
            column: column as ColumnRef,
            map: map[..].into(),
            is_stored: !entry.is_mapped(),
        })
    }

    /// One column, whose dictionary and type fit its rows.
    fn column(
        &self,
        entry: &ColumnEntry,
        rows: Rows,
        determined: Option<Determined>,
        depth: Depth,
    ) -> Result<StoredColumn> {
        let column_type = entry.column_type()?;
        let named = |error: Error| Error::corrupt(format!("column '{}': {error}", entry.name));
        let wrong = || Error::corrupt(format!("column '{}' is not what its directory says", entry.name));
        let is_value = matches!(column_type, ColumnType::Value(_));
        let is_coded = is_value || column_type == ColumnType::String;
        if entry.dictionary.is_some() != is_coded || (is_value && entry.multi_value) {
            return Err(wrong());
        }
        let dictionary = self.dictionary(entry, depth)?;
        let rows = match (rows, &determined, &dictionary) {
            (Rows::Determined, Some(determined), Some(dictionary)) => {
                Rows::Mapped(determined.clone(), dictionary.values().len())
            }
            (Rows::Determined | Rows::Behind(_), _, _) => return Err(wrong()),
            (rows, _, _) => rows,
        };
        let whole = depth == Depth::Whole;
        let is_mapped = matches!(rows, Rows::Mapped(..));
        let array = rows.read(if whole && !is_mapped { 0..rows.num_rows(self.num_rows()) } else { 0..0 });
        if rows.num_rows(self.num_rows()) != self.num_rows()
            || array.as_list_opt::<i32>().is_some() != entry.multi_value
        {
            return Err(wrong());
        }
        let (mut has_nulls, mut bitmaps, mut zones) = (entry.has_nulls, None, Vec::new());
        match &dictionary {
            Some(dictionary) => {
                bitmaps = self.bitmaps(entry, dictionary.values().len(), depth)?;
                let column = match whole {
                    true => ArrayColumn::coded(array, dictionary.clone()),
                    false => ArrayColumn::known_coded(array, dictionary.clone(), entry.has_nulls),
                };
                let column = column.map_err(named)?;
                if whole && !is_mapped {
                    has_nulls = column.has_nulls();
                }
            }
            None => {
                zones = self.zones(entry, &column_type)?;
                ArrayColumn::unmeasured(column_type.clone(), array).map_err(named)?;
                has_nulls = rows.has_nulls();
            }
        }
        let stats = entry.stats(&column_type);
        let is_multi_value = entry.multi_value;
        Ok(StoredColumn {
            column_type,
            is_multi_value,
            has_nulls,
            rows,
            dictionary,
            bitmaps,
            stats,
            zones,
            determined,
            fields: None,
        })
    }

    /// Bytes of the section that belong to a column.
    pub(super) fn index_bytes(entry: &ColumnEntry) -> (u64, u64) {
        let dictionary = entry.dictionary.as_ref().map_or(0, |d| d.offsets.len + d.bytes.len);
        let map = entry.determined.as_ref().map(|determined| determined.map);
        let indexes = [entry.bitmaps, entry.zones, map].into_iter().flatten().map(|e| e.len).sum();
        (dictionary, indexes)
    }
}

/// Little-endian numbers in place; copied when they are not aligned.
fn scalars<T: arrow_buffer::ArrowNativeType>(bytes: Bytes) -> Result<ScalarBuffer<T>> {
    if !bytes.len().is_multiple_of(size_of::<T>()) {
        return Err(Error::corrupt("numbers cut short"));
    }
    let aligned = bytes.as_ptr().align_offset(align_of::<T>()) == 0;
    let buffer = if aligned { Buffer::from(bytes) } else { Buffer::from(bytes.as_ref()) };
    Ok(ScalarBuffer::from(buffer))
}
