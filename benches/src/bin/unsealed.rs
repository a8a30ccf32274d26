//! The dashboard's queries over rows that are not sealed yet, beside the same rows sealed:
//! `unsealed --data DIR [--rows 1000000] [--reps 9] [--only Q1,Q4]`. One thread, CPU time.

use std::path::PathBuf;
use std::sync::Arc;

use aggregate::Input;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use benches::{Result, Tables, cpu_ms, dashboard, median, option, segment_id};
use query::{ExecContext, Query, Sources};
use segment::{
    Batch, DimensionSchema, Limits, LiveIndex, LiveSnapshot, RollupSchema, SealedSegment, Segment, SegmentRef, Source,
    input_of, merge, write_image,
};

#[global_allocator]
static HEAP: heap::Heap = heap::Heap;

const BATCH_ROWS: usize = 4_096;

fn main() -> Result<()> {
    heap::keep_pages();
    let data = PathBuf::from(option("--data", "bench-data"));
    let num_rows: usize = option("--rows", "1000000").parse()?;
    let reps: usize = option("--reps", "9").parse()?;
    let only = option("--only", "");
    let only: Vec<&str> = only.split(',').filter(|name| !name.is_empty()).collect();
    let images = Tables::open(&data, &["ads", "orders"])?;
    let (mut live, mut sealed) = (Vec::new(), Vec::new());
    for table in ["ads", "orders"] {
        let segments = images.segments(table, &[])?;
        let from = segments.first().ok_or("no rows")?;
        let rows = unsealed(&**from, num_rows.min(from.num_rows()))?;
        sealed.push((table, Arc::new(sealed_of(&*rows)?) as SegmentRef));
        live.push((table, rows as SegmentRef));
    }
    let both = [live, sealed].map(|tables| <[_; 2]>::try_from(tables).map(Tables::of).map_err(|_| "two tables"));
    let [live, sealed] = both;
    let (live, sealed) = (live?, sealed?);
    let (exec, dashboard) = (ExecContext::inline(8 << 30), dashboard()?);
    let queries = dashboard["queries"].as_object().ok_or("the dashboard has no queries")?;
    println!("| query | unsealed, CPU ms | sealed | unsealed : sealed |\n|---|---:|---:|---:|");
    for (name, query) in queries.iter().filter(|(name, _)| only.is_empty() || only.contains(&name.as_str())) {
        let written = serde_json::to_vec(query)?;
        let mut figures = [Vec::new(), Vec::new()];
        for rep in 0..reps + 1 {
            for (tables, figures) in [&live, &sealed].into_iter().zip(&mut figures) {
                let start = cpu_ms();
                query::answer(&Query::parse(&written)?, tables, &exec)?.to_json()?;
                if rep > 0 {
                    figures.push(cpu_ms() - start);
                }
            }
        }
        let [live, sealed] = figures.map(median);
        println!("| {name} | {live:.2} | {sealed:.2} | {:.1} |", live / sealed);
    }
    Ok(())
}

fn schema_of(segment: &dyn Segment) -> RollupSchema {
    let dimensions = segment.schema().dimensions().map(|d| DimensionSchema::new(&d.name, d.column_type.clone()));
    RollupSchema { rollup: false, ..RollupSchema::new(dimensions.collect(), Vec::new()) }
}

/// The first rows of a segment as a task holds them.
fn unsealed(from: &dyn Segment, num_rows: usize) -> Result<Arc<LiveSnapshot>> {
    let schema = Arc::new(schema_of(from));
    let limits = Limits { max_bytes: usize::MAX, max_rows: usize::MAX, ..Limits::default() };
    let columns = schema.dimensions.iter().map(|dimension| from.column(&dimension.name).ok_or("a column is missing"));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    let dictionaries: Vec<_> = columns.iter().map(|column| column.dictionary()).collect();
    let time = from.column(segment::TIME_COLUMN).ok_or("no time")?;
    let mut index = LiveIndex::new(segment_id("unsealed", 0)?, schema.clone(), limits)?;
    for start in (0..num_rows).step_by(BATCH_ROWS) {
        let rows = start..num_rows.min(start + BATCH_ROWS);
        let arrays: Vec<_> = columns.iter().map(|column| column.read(rows.clone())).collect();
        let time = time.read(rows);
        let inputs = columns.iter().zip(&arrays).zip(&dictionaries).map(|((column, array), dictionary)| {
            input_of(array.as_ref(), &column.column_type(), dictionary.as_deref()).ok_or("a column of another type")
        });
        let dimensions = inputs.collect::<std::result::Result<Vec<Input<'_>>, _>>()?;
        let time = time.as_primitive::<Int64Type>().values();
        index.append(&Batch { time, dimensions: &dimensions, metrics: &[], mask: None })?;
    }
    Ok(index.snapshot())
}

fn sealed_of(live: &dyn Segment) -> Result<SealedSegment> {
    let table = merge(&[Source::all(live)], &schema_of(live))?;
    let mut image = Vec::new();
    write_image(&table, &mut image)?;
    Ok(SealedSegment::from_bytes(image.into(), segment_id("sealed", 0)?)?)
}
