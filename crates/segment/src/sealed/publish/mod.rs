//! The published file: Parquet, with the index section between the rows and the footer.
//!
//! Columns that are held as codes are written as such: their dictionaries and their codes go into pages without a look
//! at the values of rows. What else there is goes through the crate's own writer.

mod coded;
mod hybrid;
mod levels;
mod outward;
mod pages;
mod steps;

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef};
use arrow_schema::{Field, Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnDescPtr;
use zstd::bulk::Compressor;

use super::parquet::INDEX_KEY;
use super::prepared::prepared;
use crate::{Error, Result, TIME_COLUMN, Table};
use levels::Levels;
use outward::{Outward, outward};
use pages::{LEVEL, PAGE_VALUES, Pages};

const ROW_GROUP_ROWS: usize = 1 << 18;

/// Writes a table as a Parquet file that any reader understands; answers its length in bytes.
pub fn write_parquet(table: &Table, out: impl Write + Send) -> Result<u64> {
    let prepared = prepared(table)?;
    let columns = prepared.columns.iter().zip(&prepared.rows);
    let columns = columns.map(|(stored, rows)| outward(table, stored, rows)).collect::<Result<Vec<_>>>()?;
    let fields = prepared.columns.iter().zip(&columns);
    let fields =
        fields.map(|(stored, column)| Field::new(&stored.name, column.data_type(), stored.name != TIME_COLUMN));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL).map_err(Error::encode)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_created_by("dolmen".to_owned())
        .build();
    let root = ArrowSchemaConverter::new().convert(&schema).map_err(Error::encode)?.root_schema_ptr();
    let mut file = SerializedFileWriter::new(out, root, Arc::new(properties)).map_err(Error::encode)?;
    let mut compressor = Compressor::new(LEVEL).map_err(Error::encode)?;
    for start in (0..table.num_rows()).step_by(ROW_GROUP_ROWS) {
        let rows = start..table.num_rows().min(start + ROW_GROUP_ROWS);
        write_group(&mut file, &schema, &columns, rows, &mut compressor)?;
    }
    let (at, section) = (file.bytes_written(), &prepared.section);
    file.write_all(section).map_err(|source| Error::Io { context: "writing a segment".into(), source })?;
    let place = format!("v1:{at}:{}:{:08x}", section.len(), crc32fast::hash(section));
    file.append_key_value_metadata(KeyValue::new(INDEX_KEY.to_owned(), place));
    file.finish().map_err(Error::encode)?;
    Ok(file.bytes_written() as u64)
}

fn write_group<W: Write + Send>(
    file: &mut SerializedFileWriter<W>,
    schema: &SchemaRef,
    columns: &[Outward],
    rows: Range<usize>,
    compressor: &mut Compressor<'static>,
) -> Result<()> {
    let factory = ArrowRowGroupWriterFactory::new(file, schema.clone());
    let descriptions: Vec<ColumnDescPtr> = file.schema_descr().columns().to_vec();
    let number = file.flushed_row_groups().len();
    let mut group = file.next_row_group().map_err(Error::encode)?;
    for (at, (column, description)) in columns.iter().zip(descriptions).enumerate() {
        let (bytes, close) = match column {
            Outward::Coded(coded, _) => coded.chunk(rows.clone(), description, compressor)?,
            Outward::Steps(longs, levels, _) => steps_of(longs, levels, rows.clone(), description, compressor)?,
            Outward::Array(array) => {
                let array: ArrayRef = array.slice(rows.start, rows.len());
                let mut writer = factory.create_column_writers(number).map_err(Error::encode)?.swap_remove(at);
                for leaf in compute_leaves(schema.field(at), &array).map_err(Error::encode)? {
                    writer.write(&leaf).map_err(Error::encode)?;
                }
                let chunk = writer.close().map_err(Error::encode)?;
                chunk.append_to_row_group(&mut group).map_err(Error::encode)?;
                continue;
            }
        };
        group.append_column(&bytes, close).map_err(Error::encode)?;
    }
    group.close().map_err(Error::encode)?;
    Ok(())
}

/// Longs that hardly repeat, by the steps between them.
fn steps_of(
    longs: &[i64],
    levels: &Levels,
    rows: Range<usize>,
    column: ColumnDescPtr,
    compressor: &mut Compressor<'static>,
) -> Result<(Bytes, ColumnCloseResult)> {
    let (mut pages, mut body) = (Pages::new(compressor, Encoding::DELTA_BINARY_PACKED), Vec::new());
    let (mut bounds, mut num_present) = (None, 0);
    for start in rows.clone().step_by(PAGE_VALUES) {
        let page = start..rows.end.min(start + PAGE_VALUES);
        body.clear();
        let (num_levels, _) = levels.write(aggregate::Codes::U8(&[]), page.clone(), &mut body);
        let present: Vec<i64> = levels.valid(page.clone()).map(|row| longs[row]).collect();
        let (min, max) = bounds.unwrap_or((i64::MAX, i64::MIN));
        bounds = Some(present.iter().fold((min, max), |(min, max), &long| (min.min(long), max.max(long))));
        num_present += present.len();
        steps::encode(&present, &mut body);
        pages.data(&body, num_levels, page.len())?;
    }
    let (min, max) = bounds.filter(|_| num_present > 0).unzip();
    let num_nulls = (rows.len() - num_present) as u64;
    pages.finish(column, Some(Statistics::int64(min, max, None, Some(num_nulls), false)))
}
