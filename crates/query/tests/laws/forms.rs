//! Rows of one time chunk in every form that a segment can have.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, parse_aggregator};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use segment::{
    Batch, BatchView, DimensionSchema, Limits, LiveIndex, MetricInput, RollupSchema, SealedSegment, Segment,
    SegmentRef, Source, Table, image_from_parquet, input_of, merge, write_image, write_parquet,
};
use serde_json::{Value, json};
use timeline::{Granularity, Interval, SegmentId};

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
/// 2022-01-01T00:00Z.
pub const DAY0: i64 = 1_640_995_200_000;

/// One event.
#[derive(Clone, Debug)]
pub struct Row {
    pub time: i64,
    pub color: Option<&'static str>,
    pub tags: Vec<&'static str>,
    pub user: Option<i64>,
    pub ratio: Option<f32>,
    pub x: Option<f64>,
    /// The filtered metric counts the row.
    pub is_click: bool,
}

/// Who holds the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Form {
    /// The snapshot of a live index, given in two batches, the first of which an older snapshot shares.
    Live,
    /// A local image written from a live snapshot, opened from disk.
    Spilled,
    /// By way of the published file.
    Sealed,
    /// Two sealed halves made one by their own description.
    Merged,
    /// Arrays in memory.
    Batch,
}

pub const FORMS: [Form; 5] = [Form::Live, Form::Spilled, Form::Sealed, Form::Merged, Form::Batch];

pub fn id(day: i64, partition: u32) -> SegmentId {
    let start = DAY0 + day * DAY;
    SegmentId::new("t", Interval { start, end: start + DAY }, "v1", partition)
}

/// The rows of a day as a segment of that form, rolled up or not.
pub fn segment(form: Form, rows: &[Row], id: &SegmentId, rollup: bool) -> SegmentRef {
    match form {
        Form::Live => live(rows, id, rollup),
        Form::Spilled => {
            let file = tempfile::NamedTempFile::new().unwrap();
            write_image(&table(rows, id, rollup), file.as_file()).unwrap();
            Arc::new(SealedSegment::open(file.path(), id.clone()).unwrap())
        }
        Form::Sealed => Arc::new(sealed(&table(rows, id, rollup), id)),
        Form::Merged => {
            let (left, right) = rows.split_at(rows.len() / 2);
            let halves = [left, right].map(|half| sealed(&table(half, id, rollup), id));
            let halves: Vec<&dyn Segment> = halves.iter().map(|half| half as &dyn Segment).collect();
            let schema = RollupSchema::of_segments(&halves, &[]).unwrap();
            let sources: Vec<Source<'_>> = halves.iter().map(|half| Source::all(*half)).collect();
            Arc::new(sealed(&merge(&sources, &schema).unwrap(), id))
        }
        Form::Batch => named(&**table(rows, id, rollup).view(), id),
    }
}

fn live(rows: &[Row], id: &SegmentId, rollup: bool) -> SegmentRef {
    let mut index = LiveIndex::new(id.clone(), Arc::new(schema(rollup)), Limits::default()).unwrap();
    let (first, second) = rows.split_at(rows.len() / 2);
    append(&mut index, first);
    let held = index.snapshot();
    append(&mut index, second);
    let snapshot = index.snapshot();
    drop(held);
    snapshot
}

fn table(rows: &[Row], id: &SegmentId, rollup: bool) -> Table {
    merge(&[Source::all(&*live(rows, id, rollup))], &schema(rollup)).unwrap()
}

fn sealed(table: &Table, id: &SegmentId) -> SealedSegment {
    let file = tempfile::NamedTempFile::new().unwrap();
    write_parquet(table, file.as_file()).unwrap();
    let mut image = Vec::new();
    image_from_parquet(file.path(), &mut image).unwrap();
    SealedSegment::from_bytes(image.into(), id.clone()).unwrap()
}

/// The same columns under another id.
fn named(view: &dyn Segment, id: &SegmentId) -> SegmentRef {
    let times = view.column("__time").unwrap().read(0..view.num_rows());
    let builder = BatchView::builder().id(id.clone()).time(times.as_primitive::<Int64Type>().values().iter().copied());
    let builder = view.schema().columns().iter().skip(1).fold(builder, |builder, column| {
        builder.column(&column.name, view.column(&column.name).unwrap()).role(&column.name, column.role)
    });
    builder.metadata(view.metadata().clone()).build().unwrap()
}

fn schema(rollup: bool) -> RollupSchema {
    let metrics = [
        json!({"type": "count", "name": "clicks"}),
        json!({"type": "count", "name": "n"}),
        json!({"type": "doubleSum", "name": "s", "fieldName": "x"}),
        json!({"type": "doubleMax", "name": "m", "fieldName": "x"}),
        json!({"type": "HLLSketchBuild", "name": "hll", "fieldName": "user"}),
        json!({"type": "thetaSketch", "name": "theta", "fieldName": "user"}),
        json!({"type": "quantilesDoublesSketch", "name": "quantiles", "fieldName": "x"}),
    ];
    let metrics: Vec<Arc<dyn AggregatorSpec>> = metrics.iter().map(|m| parse_aggregator(m, &[]).unwrap()).collect();
    let dimensions = vec![
        DimensionSchema::string("color"),
        DimensionSchema::string("tags"),
        DimensionSchema::new("user", ColumnType::Long),
        DimensionSchema::new("ratio", ColumnType::Float),
    ];
    let query_granularity = Granularity::named("minute").unwrap();
    let is_click = json!({"type": "selector", "dimension": "kind", "value": "click"});
    let filters = [("clicks".to_owned(), is_click)].into();
    RollupSchema { rollup, query_granularity, filters, ..RollupSchema::new(dimensions, metrics) }
}

/// Columns as they were read, before any fold: what the oracle asks, with metrics of one row each.
pub fn raw(rows: &[Row], id: &SegmentId) -> Arc<BatchView> {
    let sorted = |row: &Row| {
        let mut tags = row.tags.clone();
        tags.sort_by(|a, b| segment::compare_values(Some(a), Some(b)));
        // Null, not an empty list: that one has no group of its own where other rows hold several values, so answers
        // would hang on which rows share a segment.
        if tags.is_empty() { vec![None] } else { tags.into_iter().map(Some).collect() }
    };
    BatchView::builder()
        .id(id.clone())
        .num_rows(rows.len())
        .time(rows.iter().map(|row| row.time.div_euclid(60_000) * 60_000))
        .string("color", rows.iter().map(|row| row.color))
        .strings("tags", rows.iter().map(sorted))
        .long("user", rows.iter().map(|row| row.user))
        .float("ratio", rows.iter().map(|row| row.ratio))
        .long("n", rows.iter().map(|_| Some(1)))
        .double("s", rows.iter().map(|row| row.x))
        .double("m", rows.iter().map(|row| row.x))
        .long("clicks", rows.iter().map(|row| Some(i64::from(row.is_click))))
        .build()
        .unwrap()
}

fn append(index: &mut LiveIndex, rows: &[Row]) {
    let raw = raw(rows, &id(0, 0));
    let column = |name: &str| {
        let column = raw.column(name).unwrap();
        let array = column.read(0..rows.len());
        (array, column.column_type(), column.dictionary())
    };
    let names = ["color", "tags", "user", "ratio", "s"];
    let columns = names.map(column);
    let inputs: Vec<_> = columns.iter().map(|(a, t, d)| input_of(a.as_ref(), t, d.as_deref()).unwrap()).collect();
    let mut clicks = vec![0u64; rows.len().div_ceil(64)];
    rows.iter().enumerate().for_each(|(at, row)| clicks[at / 64] |= u64::from(row.is_click) << (at % 64));
    let of = |at: usize| MetricInput { inputs: vec![inputs[at]], mask: None };
    let clicks = MetricInput { inputs: Vec::new(), mask: Some(&clicks) };
    let metrics = [clicks, MetricInput::default(), of(4), of(4), of(2), of(2), of(4)];
    let time: Vec<i64> = rows.iter().map(|row| row.time).collect();
    index.append(&Batch { time: &time, dimensions: &inputs[..4], metrics: &metrics, mask: None }).unwrap();
}

/// A part of a query's answer that does not hang on how rows were cut: scans as sets of rows, metadata without
/// sizes and ids.
pub fn comparable(query: &Value, mut answer: Value) -> Value {
    match query["queryType"].as_str() {
        Some("scan") => {
            let lists = answer.as_array().into_iter().flatten();
            let mut rows: Vec<String> = lists
                .flat_map(|list| list["events"].as_array().cloned().unwrap_or_default())
                .map(|e| e.to_string())
                .collect();
            if query["order"].is_null() {
                rows.sort();
            }
            Value::from(rows)
        }
        _ => {
            without_form(&mut answer);
            answer
        }
    }
}

fn without_form(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("size");
            fields.remove("id");
            // Null comes first in a dictionary, yet yields to any value when columns are put together, as in Druid.
            if fields.get("hasNulls") == Some(&Value::Bool(true)) {
                fields.remove("minValue");
            }
            fields.values_mut().for_each(without_form);
        }
        Value::Array(items) => items.iter_mut().for_each(without_form),
        _ => {}
    }
}
