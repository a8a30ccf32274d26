//! Rows for tests: generated, appended to a live index, sealed.

use std::sync::Arc;

use aggregate::{AggregatorSpec, Codes, ColumnType, Dictionary, Input, parse_aggregator};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Float32Array, Float64Array, Int64Array, StringArray};
use segment::{
    Batch, DimensionSchema, Limits, LiveIndex, LiveSnapshot, MetricInput, MultiValueHandling, RollupSchema,
    SealedSegment, Segment, Source, StringDictionary, Table, input_of, merge, write_image,
};
use serde_json::json;
use timeline::{Granularity, Interval, SegmentId};

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub time: i64,
    /// Index into `texts`; 0 is null.
    pub city: u8,
    pub tags: Vec<u8>,
    pub level: Option<i64>,
    pub ratio: Option<f32>,
    pub amount: Option<i64>,
    pub price: Option<f64>,
}

/// Null, empty, and texts whose UTF-16 order is not that of their bytes.
pub fn texts() -> StringDictionary {
    let values = vec![None, Some(""), Some("a"), Some("b"), Some("\u{fffd}"), Some("\u{1f600}"), Some("ß"), Some("zz")];
    StringDictionary::unsorted(StringArray::from(values)).unwrap()
}

pub fn id() -> SegmentId {
    SegmentId::new("ds", Interval::ETERNITY, "v", 0)
}

pub fn schema(rollup: bool) -> RollupSchema {
    let metrics = [
        json!({"type": "longSum", "name": "amount_sum", "fieldName": "amount"}),
        json!({"type": "doubleMax", "name": "price_max", "fieldName": "price"}),
        json!({"type": "hyperUnique", "name": "cities", "fieldName": "city"}),
        json!({"type": "longFirst", "name": "first_amount", "fieldName": "amount"}),
    ];
    let metrics: Vec<Arc<dyn AggregatorSpec>> = metrics.iter().map(|m| parse_aggregator(m, &[]).unwrap()).collect();
    let dimensions = vec![
        DimensionSchema::string("city"),
        DimensionSchema { multi_value_handling: MultiValueHandling::Array, ..DimensionSchema::string("tags") },
        DimensionSchema::new("level", ColumnType::Long),
        DimensionSchema::new("ratio", ColumnType::Float),
    ];
    let query_granularity = Granularity::named("second").unwrap();
    RollupSchema { rollup, query_granularity, ..RollupSchema::new(dimensions, metrics) }
}

pub fn index(schema: RollupSchema) -> LiveIndex {
    LiveIndex::new(id(), Arc::new(schema), Limits::default()).unwrap()
}

pub fn append(index: &mut LiveIndex, events: &[Event]) {
    let texts = texts();
    let dictionary: &dyn Dictionary = &texts;
    let time: Vec<i64> = events.iter().map(|e| e.time).collect();
    let cities: Vec<u8> = events.iter().map(|e| e.city).collect();
    let tags: Vec<u8> = events.iter().flat_map(|e| e.tags.clone()).collect();
    let mut offsets = vec![0i32];
    events.iter().for_each(|e| offsets.push(offsets[offsets.len() - 1] + e.tags.len() as i32));
    let level: Int64Array = events.iter().map(|e| e.level).collect();
    let ratio: Float32Array = events.iter().map(|e| e.ratio).collect();
    let amount: Int64Array = events.iter().map(|e| e.amount).collect();
    let price: Float64Array = events.iter().map(|e| e.price).collect();
    let times = Int64Array::from(time.clone());
    let city = Input::Text { codes: Codes::U8(&cities), dictionary };
    let tags = Input::Texts { offsets: &offsets, codes: Codes::U8(&tags), dictionary };
    let metrics = [
        MetricInput { inputs: vec![Input::Long(&amount)], mask: None },
        MetricInput { inputs: vec![Input::Double(&price)], mask: None },
        MetricInput { inputs: vec![city], mask: None },
        MetricInput { inputs: vec![Input::Long(&amount), Input::Long(&times)], mask: None },
    ];
    let dimensions = [city, tags, Input::Long(&level), Input::Float(&ratio)];
    index.append(&Batch { time: &time, dimensions: &dimensions, metrics: &metrics, mask: None }).unwrap();
}

pub fn live(events: &[Event], rollup: bool) -> Arc<LiveSnapshot> {
    let mut index = index(schema(rollup));
    for part in events.chunks(4_096) {
        append(&mut index, part);
    }
    index.snapshot()
}

pub fn table(segments: &[&dyn Segment], rollup: bool) -> Table {
    let sources: Vec<Source<'_>> = segments.iter().map(|s| Source::all(*s)).collect();
    merge(&sources, &schema(rollup)).unwrap()
}

pub fn sealed(table: &Table) -> SealedSegment {
    let mut image = Vec::new();
    let len = write_image(table, &mut image).unwrap();
    assert_eq!(len as usize, image.len());
    SealedSegment::from_bytes(image.into(), id()).unwrap()
}

/// Events without chance: skewed cities, some lists, some nulls.
pub fn events(num: usize) -> Vec<Event> {
    let mut seed = 42u64;
    let mut next = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    (0..num)
        .map(|at| Event {
            time: (at as i64 / 40) * 100,
            city: [0, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 5, 6, 7][next(14) as usize],
            tags: (0..next(4)).map(|_| next(8) as u8).collect(),
            level: (next(5) > 0).then(|| next(4) as i64 - 2),
            ratio: (next(5) > 0).then(|| next(3) as f32 / 2.0 - 0.5),
            amount: (next(9) > 0).then(|| next(1_000) as i64),
            price: (next(9) > 0).then(|| next(1_000) as f64 / 8.0),
        })
        .collect()
}

/// Appends the rows of a segment: its columns by name as dimensions and as inputs of the aggregators, of which
/// the first is fed the rows of the mask.
pub fn reappend(
    index: &mut LiveIndex,
    from: &dyn Segment,
    dimensions: &[&str],
    metrics: &[&[&str]],
    first: Option<&[u64]>,
) {
    let names: Vec<&str> = dimensions.iter().copied().chain(metrics.iter().flat_map(|m| m.iter().copied())).collect();
    let columns: Vec<_> = names.iter().map(|name| from.column(name).unwrap()).collect();
    let arrays: Vec<_> = columns.iter().map(|c| c.read(0..from.num_rows())).collect();
    let dictionaries: Vec<_> = columns.iter().map(|c| c.dictionary()).collect();
    let input = |name: &str| {
        let at = names.iter().position(|n| *n == name).unwrap();
        input_of(arrays[at].as_ref(), &columns[at].column_type(), dictionaries[at].as_deref()).unwrap()
    };
    let time = from.column("__time").unwrap().read(0..from.num_rows());
    let dimensions: Vec<Input<'_>> = dimensions.iter().map(|name| input(name)).collect();
    let mut metrics: Vec<MetricInput<'_>> =
        metrics.iter().map(|m| MetricInput { inputs: m.iter().map(|n| input(n)).collect(), mask: None }).collect();
    metrics[0].mask = first;
    let time = time.as_primitive::<Int64Type>().values();
    index.append(&Batch { time, dimensions: &dimensions, metrics: &metrics, mask: None }).unwrap();
}
