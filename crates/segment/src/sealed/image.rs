//! The local image: an Arrow file of the rows, the index section, a trailer.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use aggregate::ColumnType;
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_buffer::Buffer;
use arrow_ipc::MetadataVersion;
use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions};
use arrow_schema::{DataType, FieldRef, Schema};
use bytes::Bytes;

use super::Depth;
use super::directory::{Directory, FORMAT_VERSION};
use super::prepared::prepared;
use super::rows::Rows;
use crate::{Error, Result, Table};

const MAGIC: &[u8; 8] = b"DOLMENIM";
const ALIGNMENT: usize = 64;
pub(super) const TRAILER_BYTES: usize = 64;
const IPC_MAGIC: &[u8; 6] = b"ARROW1";

/// Writes the local image of a table; answers its length in bytes.
pub fn write_image(table: &Table, out: impl Write) -> Result<u64> {
    let prepared = prepared(table)?;
    let names = prepared.columns.iter().map(|column| column.name.as_str());
    write_rows(names.zip(&prepared.rows), table.num_rows(), &prepared.section, out)
}

/// Writes an image of columns that stand in the order of the section's directory.
pub(super) fn write_rows<'a>(
    columns: impl Iterator<Item = (&'a str, &'a Rows)>,
    num_rows: usize,
    section: &[u8],
    out: impl Write,
) -> Result<u64> {
    let columns = columns.map(|(name, rows)| rows.to_arrow(name, num_rows));
    let (fields, arrays): (Vec<_>, Vec<_>) = columns.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(num_rows));
    let batch = RecordBatch::try_new_with_options(schema.clone(), arrays, &options).map_err(Error::encode)?;
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5).map_err(Error::encode)?;
    let counted = Counted { out, len: 0, crc: crc32fast::Hasher::new() };
    let mut writer = FileWriter::try_new_with_options(counted, &schema, options).map_err(Error::encode)?;
    writer.write(&batch).map_err(Error::encode)?;
    finish(writer.into_inner().map_err(Error::encode)?, section)
}

/// Writes what follows the rows.
fn finish<W: Write>(mut out: Counted<W>, section: &[u8]) -> Result<u64> {
    let (arrow_len, arrow_crc) = (out.len, out.crc.clone().finalize());
    let section_at = arrow_len.next_multiple_of(ALIGNMENT as u64);
    let trailer = Trailer {
        arrow_len,
        section_at,
        section_len: section.len() as u64,
        arrow_crc,
        section_crc: crc32fast::hash(section),
    };
    out.pad_to(section_at)?;
    out.put(section)?;
    let at = out.len.next_multiple_of(ALIGNMENT as u64);
    out.pad_to(at)?;
    out.put(&trailer.to_bytes())?;
    out.flush().map_err(|source| Error::Io { context: "writing an image".into(), source })?;
    Ok(out.len)
}

struct Counted<W> {
    out: W,
    len: u64,
    crc: crc32fast::Hasher,
}

impl<W: Write> Counted<W> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|source| Error::Io { context: "writing an image".into(), source })
    }

    fn pad_to(&mut self, at: u64) -> Result<()> {
        self.put(&[0; ALIGNMENT][..(at - self.len) as usize])
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.crc.update(&bytes[..written]);
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// The last bytes of an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trailer {
    pub(super) arrow_len: u64,
    pub(super) section_at: u64,
    pub(super) section_len: u64,
    arrow_crc: u32,
    section_crc: u32,
}

impl Trailer {
    fn to_bytes(self) -> [u8; TRAILER_BYTES] {
        let mut out = [0; TRAILER_BYTES];
        out[0..8].copy_from_slice(&self.arrow_len.to_le_bytes());
        out[8..16].copy_from_slice(&self.section_at.to_le_bytes());
        out[16..24].copy_from_slice(&self.section_len.to_le_bytes());
        out[24..28].copy_from_slice(&self.arrow_crc.to_le_bytes());
        out[28..32].copy_from_slice(&self.section_crc.to_le_bytes());
        out[32..36].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
        let crc = crc32fast::hash(&out[..52]);
        out[52..56].copy_from_slice(&crc.to_le_bytes());
        out[56..].copy_from_slice(MAGIC);
        out
    }

    fn parse(image: &[u8]) -> Result<Self> {
        let bytes = image.last_chunk::<TRAILER_BYTES>().filter(|t| t.ends_with(MAGIC));
        let bytes = bytes.ok_or_else(|| Error::corrupt("no image: its trailer is missing"))?;
        let long = |at: usize| bytes[at..].first_chunk::<8>().map_or(0, |b| u64::from_le_bytes(*b));
        let word = |at: usize| bytes[at..].first_chunk::<4>().map_or(0, |b| u32::from_le_bytes(*b));
        if word(52) != crc32fast::hash(&bytes[..52]) {
            return Err(Error::corrupt("checksum of an image's trailer"));
        }
        if !(1..=FORMAT_VERSION).contains(&word(32)) {
            let known = format!("this build reads 1 to {FORMAT_VERSION}");
            return Err(Error::Unsupported(format!("image of format version {}, {known}", word(32))));
        }
        let trailer = Self {
            arrow_len: long(0),
            section_at: long(8),
            section_len: long(16),
            arrow_crc: word(24),
            section_crc: word(28),
        };
        let end = trailer.section_at.checked_add(trailer.section_len);
        let body = (image.len() - TRAILER_BYTES) as u64;
        let sound = trailer.arrow_len <= trailer.section_at && end.is_some_and(|end| end <= body);
        sound.then_some(trailer).ok_or_else(|| Error::corrupt("an image's trailer points outside of it"))
    }
}

/// The rows of an image and its index section, with their checksums checked when wanted.
pub(super) fn split(image: &Bytes, depth: Depth) -> Result<(Bytes, Bytes)> {
    let trailer = Trailer::parse(image)?;
    let arrow = image.slice(..trailer.arrow_len as usize);
    let section = image.slice(trailer.section_at as usize..(trailer.section_at + trailer.section_len) as usize);
    if depth == Depth::Structure {
        return Ok((arrow, section));
    }
    if crc32fast::hash(&arrow) != trailer.arrow_crc {
        return Err(Error::corrupt("checksum of an image's rows"));
    }
    if crc32fast::hash(&section) != trailer.section_crc {
        return Err(Error::corrupt("checksum of an image's index section"));
    }
    Ok((arrow, section))
}

/// The rows of an image's Arrow file, in the order of the directory, without copying.
pub(super) fn read_rows(arrow: Bytes, directory: &Directory, depth: Depth) -> Result<Vec<Rows>> {
    // The reader trusts lengths inside the file and panics on wrong ones.
    let columns = catch_unwind(AssertUnwindSafe(|| read_columns(&Buffer::from(arrow))));
    let columns = columns.unwrap_or_else(|_| Err(Error::corrupt("the Arrow file of an image")))?;
    let names = directory.columns.iter().map(|c| c.name.as_str());
    let num_columns = directory.columns.len();
    let same = columns.iter().take(num_columns).map(|(field, _)| field.name().as_str()).eq(names)
        && columns.iter().all(|(_, array)| array.len() as u64 == directory.num_rows);
    if !same {
        return Err(Error::corrupt("the rows of an image are not those of its directory"));
    }
    let mut stored = Vec::with_capacity(num_columns);
    for (field, array) in &columns[..num_columns] {
        stored.push(Rows::read_from(field, array, depth)?);
    }
    // Of the first version: codes of numbers, beside columns of these.
    for (field, array) in &columns[num_columns..] {
        let at = directory.columns.iter().position(|column| column.name == *field.name());
        let codes = Rows::read_from(field, array, depth)?;
        match (at.and_then(|at| stored.get_mut(at)), &codes) {
            (Some(plain @ Rows::Array(_)), Rows::Coded(_)) => *plain = codes,
            _ => return Err(Error::corrupt("codes of numbers in an image that are no column's")),
        }
    }
    Ok(stored)
}

/// All columns, with nothing but the lengths of codes checked.
fn read_columns(buffer: &Buffer) -> Result<Vec<(FieldRef, ArrayRef)>> {
    let corrupt = |e: &dyn std::fmt::Display| Error::corrupt(format!("the Arrow file of an image: {e}"));
    let tail = buffer.last_chunk::<10>().filter(|tail| tail.ends_with(IPC_MAGIC));
    let tail = *tail.ok_or_else(|| Error::corrupt("the Arrow file of an image has no end"))?;
    let footer_len = read_footer_length(tail).map_err(|e| corrupt(&e))?;
    let end = buffer.len() - tail.len();
    let footer = end.checked_sub(footer_len).and_then(|start| buffer.get(start..end));
    let footer = footer.ok_or_else(|| Error::corrupt("the footer of an image's Arrow file"))?;
    let footer = arrow_ipc::root_as_footer(footer).map_err(|e| corrupt(&e))?;
    let schema = footer.schema().ok_or_else(|| Error::corrupt("an image's Arrow file has no schema"))?;
    let schema = Arc::new(fb_to_schema(schema));
    let (coded, plain): (Vec<usize>, Vec<usize>) =
        (0..schema.fields().len()).partition(|&at| is_coded(schema.field(at).data_type()));
    let mut decoder = FileDecoder::new(schema.clone(), footer.version());
    for block in footer.dictionaries().iter().flatten() {
        decoder.read_dictionary(block, &block_bytes(buffer, block)?).map_err(|e| corrupt(&e))?;
    }
    let blocks = footer.recordBatches().filter(|blocks| blocks.len() == 1);
    let blocks = blocks.ok_or_else(|| Error::corrupt("an image's Arrow file has not one batch"))?;
    let (block, bytes) = (blocks.get(0), block_bytes(buffer, blocks.get(0))?);
    let empty = || Error::corrupt("an image's Arrow file is empty");
    let decoder = decoder.with_projection(plain.clone());
    let first = decoder.read_record_batch(block, &bytes).map_err(|e| corrupt(&e))?.ok_or_else(empty)?;
    // SAFETY: only columns of codes are read, whose buffers the arrays still compare with their lengths. What is
    // left out is the look at every code, and codes leave their arrays before one is looked up.
    let decoder = unsafe { decoder.with_skip_validation(true) }.with_projection(coded.clone());
    let second = decoder.read_record_batch(block, &bytes).map_err(|e| corrupt(&e))?.ok_or_else(empty)?;
    let mut arrays: Vec<(usize, ArrayRef)> = plain.into_iter().zip(first.columns().iter().cloned()).collect();
    arrays.extend(coded.into_iter().zip(second.columns().iter().cloned()));
    arrays.sort_by_key(|(at, _)| *at);
    Ok(schema.fields().iter().cloned().zip(arrays.into_iter().map(|(_, array)| array)).collect())
}

/// Whether this is the type of a column of codes of numbers or of lists.
fn is_coded(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(codes, _) if codes.is_unsigned_integer())
}

fn block_bytes(buffer: &Buffer, block: &arrow_ipc::Block) -> Result<Buffer> {
    let at = usize::try_from(block.offset()).ok();
    let metadata = usize::try_from(block.metaDataLength()).ok();
    let body = usize::try_from(block.bodyLength()).ok();
    let len = metadata.zip(body).and_then(|(m, b)| m.checked_add(b));
    let within = at.zip(len).filter(|(at, len)| at.checked_add(*len).is_some_and(|stop| stop <= buffer.len()));
    let (at, len) = within.ok_or_else(|| Error::corrupt("a block of an image's Arrow file"))?;
    Ok(buffer.slice_with_length(at, len))
}

/// The Arrow type of a stored column, without dictionary.
pub(super) fn plain_type(column_type: &ColumnType) -> DataType {
    match column_type {
        ColumnType::Long => DataType::Int64,
        ColumnType::Double => DataType::Float64,
        ColumnType::Float => DataType::Float32,
        ColumnType::String | ColumnType::Value(_) => DataType::Utf8,
        ColumnType::State(_) => DataType::Binary,
    }
}
