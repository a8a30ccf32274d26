//! The generator's Parquet files into sealed images, kept: `images --data DIR --out DIR [--table ads,orders]
//! [--segment-rows 5000000] [--segments 1000000]`. Prints what a row takes in the image and in the published file.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int8Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use benches::{Result, cpu_ms, dashboard, image_path, option};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use segment::{BatchView, BatchViewBuilder, ColumnType, DimensionSchema, RollupSchema, Source};
use serde_json::Value;

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

const BATCH_ROWS: usize = 250_000;

fn main() -> Result<()> {
    heap::keep_pages();
    let data = PathBuf::from(option("--data", "bench-data"));
    let out = PathBuf::from(option("--out", "bench-data"));
    fs::create_dir_all(&out)?;
    let segment_rows: usize = option("--segment-rows", "5000000").parse()?;
    let max_segments: u32 = option("--segments", "1000000").parse()?;
    let specs = &dashboard()?["specs"];
    // Texts as texts, whatever the writer held them as.
    let plain = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    for table in option("--table", "ads,orders").split(',') {
        let schema = schema_of(&specs[table]["dataSchema"]["dimensionsSpec"]["dimensions"])?;
        let file = File::open(data.join(format!("{table}.parquet")))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, plain.clone())?
            .with_batch_size(BATCH_ROWS.min(segment_rows))
            .build()?;
        let (mut parts, mut number) = (Vec::new(), 0);
        for batch in reader {
            parts.push(view_of(&batch?, &schema)?);
            if parts.iter().map(|part| segment::Segment::num_rows(&**part)).sum::<usize>() >= segment_rows {
                seal(&std::mem::take(&mut parts), &schema, &out, table, number)?;
                number += 1;
            }
            if number >= max_segments {
                break;
            }
        }
        if !parts.is_empty() {
            seal(&parts, &schema, &out, table, number)?;
        }
    }
    Ok(())
}

fn schema_of(dimensions: &Value) -> Result<RollupSchema> {
    let dimension = |json: &Value| {
        let (name, column_type) = (json.as_str().or(json["name"].as_str())?, json["type"].as_str());
        let column_type = match column_type {
            Some("long") => ColumnType::Long,
            Some("double") => ColumnType::Double,
            _ => ColumnType::String,
        };
        Some(DimensionSchema::new(name, column_type))
    };
    let dimensions = dimensions.as_array().ok_or("no dimensions")?.iter().filter_map(dimension).collect();
    Ok(RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) })
}

fn view_of(batch: &RecordBatch, schema: &RollupSchema) -> Result<Arc<BatchView>> {
    let times = batch.column_by_name("ts").ok_or("no time")?;
    let times: Vec<i64> = longs(times)?.into_iter().flatten().collect();
    let mut builder = BatchView::builder().time(times);
    for dimension in &schema.dimensions {
        let array = batch.column_by_name(&dimension.name).ok_or("a column is missing")?;
        builder = add(builder, &dimension.name, array, &dimension.column_type)?;
    }
    Ok(builder.build()?)
}

fn add(builder: BatchViewBuilder, name: &str, array: &ArrayRef, column_type: &ColumnType) -> Result<BatchViewBuilder> {
    Ok(match (column_type, array.as_list_opt::<i32>()) {
        (ColumnType::Long, _) => builder.long(name, longs(array)?),
        (ColumnType::Double, _) => builder.double(name, array.as_primitive::<Float64Type>().iter()),
        (_, Some(lists)) => {
            let texts = lists.values().as_string::<i32>();
            let ends = lists.value_offsets().windows(2);
            let rows = ends.map(|ends| (ends[0]..ends[1]).map(|at| Some(texts.value(at as usize))).collect::<Vec<_>>());
            builder.strings(name, rows)
        }
        (_, None) => builder.string(name, array.as_string::<i32>().iter()),
    })
}

fn longs(array: &ArrayRef) -> Result<Vec<Option<i64>>> {
    Ok(match array.data_type() {
        DataType::Int8 => array.as_primitive::<Int8Type>().iter().map(|long| long.map(i64::from)).collect(),
        DataType::Int16 => array.as_primitive::<Int16Type>().iter().map(|long| long.map(i64::from)).collect(),
        DataType::Int32 => array.as_primitive::<Int32Type>().iter().map(|long| long.map(i64::from)).collect(),
        DataType::Int64 => array.as_primitive::<Int64Type>().iter().collect(),
        other => return Err(format!("a long column of {other}").into()),
    })
}

fn seal(parts: &[Arc<BatchView>], schema: &RollupSchema, out: &Path, table: &str, number: u32) -> Result<()> {
    let start = cpu_ms();
    let sources: Vec<Source<'_>> = parts.iter().map(|part| Source::all(&**part)).collect();
    let merged = segment::merge(&sources, schema)?;
    let sorted = cpu_ms();
    let image = segment::write_image(&merged, BufWriter::new(File::create(image_path(out, table, number))?))?;
    let written = cpu_ms();
    let published = segment::write_parquet(&merged, std::io::sink())?;
    let num_rows = merged.num_rows() as f64;
    let each = |ms: f64| ms * 1e6 / num_rows;
    println!(
        "{table} {number}: {num_rows} rows, image {:.1} B/row, file {:.1} B/row; merged {:.0} ns/row, image {:.0}, file {:.0}",
        image as f64 / num_rows,
        published as f64 / num_rows,
        each(sorted - start),
        each(written - sorted),
        each(cpu_ms() - written)
    );
    Ok(())
}
