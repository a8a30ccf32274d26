//! The published file read again.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use aggregate::{ColumnType, Dictionary};
use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int64Array, ListArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::ParquetMetaData;

use super::Depth;
use super::image::{plain_type, write_rows};
use super::open::map;
use super::rows::Rows;
use super::section::Section;
use super::values::{Finder, Form};
use crate::batch_view::list_array;
use crate::codes::narrow;
use crate::{Column, Error, Result, StringDictionary, TIME_COLUMN, VECTOR_ROWS};

/// Where the index section lies: `v1:<offset>:<length>:<crc32, 8 hex digits>`.
pub(super) const INDEX_KEY: &str = "dolmen.index";

fn corrupt(error: impl std::fmt::Display) -> Error {
    Error::corrupt(format!("parquet: {error}"))
}

/// The index section of a file, its checksum checked.
pub(super) fn section_of(file: &Bytes, metadata: &ParquetMetaData) -> Result<Bytes> {
    let pairs = metadata.file_metadata().key_value_metadata();
    let place = pairs.and_then(|pairs| pairs.iter().find(|kv| kv.key == INDEX_KEY)?.value.as_deref());
    let place = place.ok_or_else(|| Error::Unsupported(format!("a Parquet file without '{INDEX_KEY}'")))?;
    let mut parts = place.split(':');
    if parts.next() != Some("v1") {
        return Err(Error::Unsupported(format!("index section '{place}', this build reads v1")));
    }
    let mut number = |radix| parts.next().and_then(|text| u64::from_str_radix(text, radix).ok());
    let (at, len, crc) = (number(10), number(10), number(16));
    let end = at.zip(len).and_then(|(at, len)| at.checked_add(len)).filter(|&end| end <= file.len() as u64);
    let (Some(at), Some(end), Some(crc)) = (at, end, crc) else {
        return Err(Error::corrupt(format!("place of the index section '{place}'")));
    };
    let section = file.slice(at as usize..end as usize);
    if u64::from(crc32fast::hash(&section)) != crc {
        return Err(Error::corrupt("checksum of the index section"));
    }
    Ok(section)
}

/// Reads by the crate's reader, which panics on some files that no writer wrote. What a node takes from the deep
/// storage has the hash that was recorded of it; but a file may also be named by hand, and one that was changed is an
/// error like any other.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    let read = std::panic::AssertUnwindSafe(read);
    std::panic::catch_unwind(read).unwrap_or_else(|_| Err(corrupt("the file contradicts itself")))
}

/// Whether every column lies within the file and the rows are those of the index section.
fn check_footer(file: &Bytes, metadata: &ParquetMetaData, section: &Section) -> Result<()> {
    let is_within = |start: Option<i64>, len: i64| {
        let end = start.unwrap_or(0).checked_add(len).and_then(|end| usize::try_from(end).ok());
        start.is_none_or(|start| start >= 0) && len >= 0 && end.is_some_and(|end| end <= file.len())
    };
    for chunk in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let len = chunk.compressed_size();
        if !is_within(Some(chunk.data_page_offset()), 0)
            || !is_within(chunk.dictionary_page_offset().or(Some(chunk.data_page_offset())), len)
        {
            return Err(corrupt(format!("column {} lies outside of the file", chunk.column_path())));
        }
    }
    let num_rows: i64 = metadata.row_groups().iter().map(|group| group.num_rows()).fold(0, i64::saturating_add);
    if u64::try_from(num_rows).ok() != Some(section.directory.num_rows) {
        return Err(corrupt(format!("{num_rows} rows, {} in the index section", section.directory.num_rows)));
    }
    Ok(())
}

/// Reads a published file and writes the local image of it; answers the image's length in bytes.
pub fn image_from_parquet(path: &Path, out: impl Write) -> Result<u64> {
    guarded(|| write_image_of(path, out))
}

fn write_image_of(path: &Path, out: impl Write) -> Result<u64> {
    let file = map(path)?;
    let plain = ParquetRecordBatchReaderBuilder::try_new(file.clone()).map_err(corrupt)?;
    let bytes = section_of(&file, plain.metadata())?;
    let section = Section::open(&bytes)?;
    check_footer(&file, plain.metadata(), &section)?;
    let entries = &section.directory.columns;
    let mut fields = Vec::with_capacity(entries.len());
    for entry in entries {
        let column_type = entry.column_type()?;
        let form = match (&column_type, section.dictionary(entry, Depth::Whole)?) {
            (ColumnType::Value(shape), Some(dictionary)) => Form::of(*shape, &*dictionary),
            _ => Form::Texts,
        };
        fields.push(read_field(&entry.name, &column_type, entry.multi_value, form));
    }
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(corrupt)?;
    let reader = reader.with_batch_size(VECTOR_ROWS).build().map_err(corrupt)?;
    let mut columns = Vec::with_capacity(entries.len());
    for entry in entries {
        let dictionary = section.dictionary(entry, Depth::Whole)?;
        let finder = match (entry.column_type()?, &dictionary) {
            (ColumnType::Value(shape), Some(dictionary)) => Some(Finder::new(shape, dictionary.clone())),
            _ => None,
        };
        columns.push(Inward { dictionary, finder, codes: Vec::new(), lens: Vec::new(), parts: Vec::new() });
    }
    for batch in reader {
        let batch = batch.map_err(corrupt)?;
        for (column, array) in columns.iter_mut().zip(batch.columns()) {
            column.push(array)?;
        }
    }
    let arrays = entries.iter().zip(columns);
    let arrays = arrays.map(|(e, column)| Ok((e.name.clone(), column.finish(e.multi_value, &e.column_type()?)?)));
    let arrays = arrays.collect::<Result<Vec<(String, ArrayRef)>>>()?;
    let plain = arrays.iter().map(|(_, array)| Rows::Array(array.clone()));
    for ((name, array), column) in arrays.iter().zip(section.columns(plain.collect(), Depth::Whole)?) {
        let follows = column.determined().is_none_or(|determined| determined.tells(array, &*column));
        if !follows {
            return Err(corrupt(format!("column '{name}' does not follow from the one that determines it")));
        }
    }
    let rows = arrays.iter().zip(entries);
    let rows = rows.map(|((_, array), entry)| Rows::of(array, entry, section.directory.time_blocks.is_some()));
    let rows = rows.collect::<Result<Vec<Rows>>>()?;
    write_rows(arrays.iter().map(|(name, _)| name.as_str()).zip(&rows), section.num_rows(), &bytes, out)
}

fn read_field(name: &str, column_type: &ColumnType, multi_value: bool, form: Form) -> Field {
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let data_type = match column_type {
        ColumnType::Long if name == TIME_COLUMN => DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
        ColumnType::String if multi_value => DataType::List(Arc::new(Field::new("element", text(), true))),
        ColumnType::String => text(),
        ColumnType::Value(_) => form.data_type(),
        ColumnType::Long | ColumnType::Double | ColumnType::Float | ColumnType::State(_) => plain_type(column_type),
    };
    Field::new(name, data_type, name != TIME_COLUMN)
}

/// One column on its way from the file into the image.
struct Inward {
    dictionary: Option<Arc<StringDictionary>>,
    /// Of a column of values.
    finder: Option<Finder>,
    codes: Vec<u32>,
    /// Lengths of the lists.
    lens: Vec<usize>,
    parts: Vec<ArrayRef>,
}

impl Inward {
    fn push(&mut self, array: &ArrayRef) -> Result<()> {
        if let Some(finder) = &self.finder {
            return finder.codes(array, &mut self.codes);
        }
        let Some(dictionary) = self.dictionary.clone() else {
            let longs = array.as_primitive_opt::<arrow_array::types::TimestampMillisecondType>();
            self.parts.push(match longs {
                Some(times) => Arc::new(Int64Array::new(times.values().clone(), times.nulls().cloned())),
                None => array.clone(),
            });
            return Ok(());
        };
        match array.as_list_opt::<i32>() {
            Some(list) => self.push_lists(list, &dictionary),
            None => self.push_codes(array.as_ref(), &dictionary),
        }
    }

    /// A null row becomes a list of null.
    fn push_lists(&mut self, list: &ListArray, dictionary: &StringDictionary) -> Result<()> {
        let before = self.codes.len();
        let offsets = list.offsets();
        let (start, end) = (offsets[0] as usize, offsets[list.len()] as usize);
        self.push_codes(list.values().slice(start, end - start).as_ref(), dictionary)?;
        let codes = self.codes.split_off(before);
        for row in 0..list.len() {
            if list.is_null(row) {
                let null = dictionary.null_code();
                self.codes.push(null.ok_or_else(|| Error::corrupt("a null row without null in the dictionary"))?);
                self.lens.push(1);
            } else {
                let held = &codes[offsets[row] as usize - start..offsets[row + 1] as usize - start];
                self.codes.extend_from_slice(held);
                self.lens.push(held.len());
            }
        }
        Ok(())
    }

    fn push_codes(&mut self, values: &dyn Array, dictionary: &StringDictionary) -> Result<()> {
        let unknown = || Error::corrupt("a text that is not in its dictionary");
        let texts = values.as_any().downcast_ref::<DictionaryArray<Int32Type>>().ok_or_else(unknown)?;
        let names = texts.values().as_string_opt::<i32>().ok_or_else(unknown)?;
        const UNKNOWN: u32 = u32::MAX;
        let mut known = vec![UNKNOWN; names.len()];
        for row in 0..texts.len() {
            let code = if texts.keys().is_null(row) {
                dictionary.null_code()
            } else {
                let at = usize::try_from(texts.keys().value(row)).unwrap_or(usize::MAX);
                let known = known.get_mut(at).ok_or_else(unknown)?;
                if *known == UNKNOWN {
                    *known = dictionary.code_of(Some(names.value(at))).ok_or_else(unknown)?;
                }
                Some(*known)
            };
            self.codes.push(code.ok_or_else(unknown)?);
        }
        Ok(())
    }

    fn finish(self, multi_value: bool, column_type: &ColumnType) -> Result<ArrayRef> {
        if let Some(dictionary) = &self.dictionary {
            let num_values = dictionary.values().len();
            let codes = narrow(&self.codes, num_values);
            if !multi_value {
                return Ok(codes);
            }
            if i32::try_from(self.codes.len()).is_err() || self.lens.iter().sum::<usize>() != self.codes.len() {
                return Err(Error::corrupt("lists that do not hold their values"));
            }
            return Ok(list_array(OffsetBuffer::from_lengths(self.lens), codes, num_values));
        }
        let parts: Vec<&dyn Array> = self.parts.iter().map(AsRef::as_ref).collect();
        if parts.is_empty() {
            return Ok(arrow_array::new_empty_array(&plain_type(column_type)));
        }
        arrow_select::concat::concat(&parts).map_err(corrupt)
    }
}
