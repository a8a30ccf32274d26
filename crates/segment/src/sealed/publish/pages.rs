//! The pages of one column of one row group, and what the footer says of them.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use super::hybrid::varint;
use crate::{Error, Result};

/// Kinds of pages, and the field of a page's head that has the kind's own head.
const DATA_PAGE: (usize, u8) = (0, 5);
const DICTIONARY_PAGE: (usize, u8) = (2, 7);
/// Values of a page.
pub(super) const PAGE_VALUES: usize = 1 << 16;
/// How hard pages are compressed.
pub(super) const LEVEL: i32 = 1;

/// Compact Thrift, as far as heads of pages need it: small structs of numbers.
struct Head<'a> {
    out: &'a mut Vec<u8>,
    last: u8,
}

impl Head<'_> {
    fn begin(&mut self, field: u8, kind: u8) {
        self.out.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    /// A number of 32 bits, its sign in the lowest; none here is negative.
    fn number(&mut self, field: u8, number: usize) {
        self.begin(field, 5);
        varint((number as u64) << 1, self.out);
    }

    /// A struct of numbers, whose fields count from 1.
    fn numbers(&mut self, field: u8, numbers: &[usize]) {
        self.begin(field, 12);
        let mut inner = Head { out: self.out, last: 0 };
        (1..).zip(numbers).for_each(|(field, number)| inner.number(field, *number));
        inner.end();
    }

    fn end(self) {
        self.out.push(0);
    }
}

/// Pages one after the other.
pub(super) struct Pages<'a> {
    compressor: &'a mut Compressor<'static>,
    bytes: Vec<u8>,
    /// Where the first page of data begins.
    data_at: Option<usize>,
    has_dictionary: bool,
    encoding: Encoding,
    uncompressed: usize,
    num_values: usize,
    num_rows: usize,
    index: OffsetIndexBuilder,
}

impl<'a> Pages<'a> {
    /// `encoding` is that of all pages of data.
    pub(super) fn new(compressor: &'a mut Compressor<'static>, encoding: Encoding) -> Self {
        Self {
            compressor,
            bytes: Vec::new(),
            data_at: None,
            has_dictionary: false,
            encoding,
            uncompressed: 0,
            num_values: 0,
            num_rows: 0,
            index: OffsetIndexBuilder::new(),
        }
    }

    /// The values that codes stand for; before any page of data.
    pub(super) fn dictionary(&mut self, body: &[u8], num_values: usize) -> Result<()> {
        self.has_dictionary = true;
        self.push(body, DICTIONARY_PAGE, &[num_values, Encoding::PLAIN as usize])
    }

    /// Levels and values of some rows. `num_values` counts nulls too.
    pub(super) fn data(&mut self, body: &[u8], num_values: usize, num_rows: usize) -> Result<()> {
        let at = self.bytes.len();
        self.data_at.get_or_insert(at);
        let levels = Encoding::RLE as usize;
        self.push(body, DATA_PAGE, &[num_values, self.encoding as usize, levels, levels])?;
        self.num_values += num_values;
        self.num_rows += num_rows;
        self.index.append_row_count(num_rows as i64);
        let len = i32::try_from(self.bytes.len() - at).map_err(Error::encode)?;
        self.index.append_offset_and_size(at as i64, len);
        Ok(())
    }

    /// Values of all pages of data, nulls among them.
    pub(super) fn num_values(&self) -> usize {
        self.num_values
    }

    /// A page of a kind, whose own head has these numbers.
    fn push(&mut self, body: &[u8], (kind, field): (usize, u8), numbers: &[usize]) -> Result<()> {
        i32::try_from(body.len()).map_err(Error::encode)?;
        let compressed = self.compressor.compress(body).map_err(Error::encode)?;
        let at = self.bytes.len();
        let mut head = Head { out: &mut self.bytes, last: 0 };
        head.number(1, kind);
        head.number(2, body.len());
        head.number(3, compressed.len());
        head.numbers(field, numbers);
        head.end();
        self.uncompressed += self.bytes.len() - at + body.len();
        self.bytes.extend_from_slice(&compressed);
        Ok(())
    }

    /// The column as it is appended to a row group.
    pub(super) fn finish(
        self,
        column: ColumnDescPtr,
        statistics: Option<Statistics>,
    ) -> Result<(Bytes, ColumnCloseResult)> {
        let len = self.bytes.len();
        let mut encodings = vec![Encoding::RLE, self.encoding];
        if self.has_dictionary {
            encodings.push(Encoding::PLAIN);
        }
        let mut metadata = ColumnChunkMetaData::builder(column)
            .set_encodings(encodings)
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL).map_err(Error::encode)?))
            .set_num_values(self.num_values as i64)
            .set_total_compressed_size(len as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_data_page_offset(self.data_at.unwrap_or(0) as i64)
            .set_dictionary_page_offset(self.has_dictionary.then_some(0));
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: len as u64,
            rows_written: self.num_rows as u64,
            metadata: metadata.build().map_err(Error::encode)?,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(self.index.build()),
        };
        Ok((self.bytes.into(), close))
    }
}
