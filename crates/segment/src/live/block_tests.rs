//! Rows over several blocks, read while more are added.

use std::sync::Arc;

use aggregate::{Codes, ColumnType, Input, parse_aggregator};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, Float64Array, Int64Array, StringArray};
use serde_json::json;
use timeline::{Interval, SegmentId};

use super::{Batch, Limits, LiveIndex, LiveSnapshot, MetricInput};
use crate::{
    Bounds, Column, ColumnRef, DimensionSchema, MultiValueHandling, RollupSchema, Segment, StringDictionary,
    VECTOR_ROWS, conformance,
};

const NUM_ROWS: usize = 3 * VECTOR_ROWS + 777;
const BATCH_ROWS: usize = 3_000;

/// Few texts in the first block, many behind it.
fn city(row: usize) -> u32 {
    (if row < VECTOR_ROWS { row % 7 } else { row * 31 % 900 }) as u32
}

/// Lists from the second block on.
fn tags(row: usize) -> Vec<u32> {
    let len = if row < VECTOR_ROWS { 1 } else { row % 4 };
    (0..len).map(|at| ((row / 8 + at * 3) % 11) as u32).collect()
}

/// Null now and then, behind the first block.
fn level(row: usize) -> Option<i64> {
    (row < VECTOR_ROWS || !row.is_multiple_of(5)).then_some((row % 300) as i64 - 100)
}

/// More digits behind the point in the second block, and lower numbers in the third.
fn price(row: usize) -> f64 {
    match row / VECTOR_ROWS {
        0 => (row % 1_000 + 50) as f64 / 10.0,
        1 => (row % 1_000 + 50) as f64 / 1_000.0,
        _ => ((row % 1_000) as f64 - 70.0) / 10.0,
    }
}

/// Numbers that are no decimals.
fn odd(row: usize) -> f64 {
    [-0.0, 1.0 / 3.0, 2.5, f64::INFINITY][row % 4]
}

fn schema() -> RollupSchema {
    let metrics = [
        json!({"type": "count", "name": "count"}),
        json!({"type": "doubleSum", "name": "price_sum", "fieldName": "price"}),
        json!({"type": "longMax", "name": "level_max", "fieldName": "level"}),
    ];
    let metrics = metrics.iter().map(|metric| parse_aggregator(metric, &[]).unwrap());
    let dimensions = vec![
        DimensionSchema::string("city"),
        DimensionSchema { multi_value_handling: MultiValueHandling::Array, ..DimensionSchema::string("tags") },
        DimensionSchema::new("level", ColumnType::Long),
        DimensionSchema::new("price", ColumnType::Double),
        DimensionSchema::new("odd", ColumnType::Double),
        DimensionSchema::new("id", ColumnType::Long),
    ];
    RollupSchema { rollup: false, ..RollupSchema::new(dimensions, metrics.collect()) }
}

fn append(index: &mut LiveIndex, texts: &StringDictionary, rows: std::ops::Range<usize>) {
    let time: Vec<i64> = rows.clone().map(|row| row as i64 / 3).collect();
    let cities: Vec<u32> = rows.clone().map(city).collect();
    let (mut offsets, mut lists) = (vec![0], Vec::new());
    rows.clone().for_each(|row| {
        lists.extend(tags(row));
        offsets.push(lists.len() as i32);
    });
    let levels: Int64Array = rows.clone().map(level).collect();
    let prices = Float64Array::from_iter_values(rows.clone().map(price));
    let odd = Float64Array::from_iter_values(rows.clone().map(odd));
    let ids = Int64Array::from_iter_values(rows.map(|row| i64::MAX - row as i64 * 2));
    let dimensions = [
        Input::Text { codes: Codes::U32(&cities), dictionary: texts },
        Input::Texts { offsets: &offsets, codes: Codes::U32(&lists), dictionary: texts },
        Input::Long(&levels),
        Input::Double(&prices),
        Input::Double(&odd),
        Input::Long(&ids),
    ];
    let metrics = [
        MetricInput::default(),
        MetricInput { inputs: vec![Input::Double(&prices)], mask: None },
        MetricInput { inputs: vec![Input::Long(&levels)], mask: None },
    ];
    index.append(&Batch { time: &time, dimensions: &dimensions, metrics: &metrics, mask: None }).unwrap();
}

fn texts() -> StringDictionary {
    StringDictionary::unsorted((0..900).map(|text| Some(format!("text {text}"))).collect::<StringArray>()).unwrap()
}

fn index() -> LiveIndex {
    let id = SegmentId::new("ds", Interval::ETERNITY, "v", 0);
    LiveIndex::new(id, Arc::new(schema()), Limits::default()).unwrap()
}

fn doubles(column: &ColumnRef, num_rows: usize) -> Vec<Option<u64>> {
    column.read(0..num_rows).as_primitive::<Float64Type>().iter().map(|one| one.map(f64::to_bits)).collect()
}

fn longs(column: &ColumnRef, num_rows: usize) -> Vec<Option<i64>> {
    column.read(0..num_rows).as_primitive::<Int64Type>().iter().collect()
}

fn strings(column: &dyn Column, codes: &dyn Array) -> Vec<String> {
    let dictionary = column.dictionary().unwrap();
    let codes = crate::widen(codes).unwrap();
    codes.into_iter().map(|code| dictionary.get(code).unwrap_or("null").to_owned()).collect()
}

fn named(code: u32) -> String {
    format!("text {code}")
}

/// The first rows, as they were given.
fn check(snapshot: &LiveSnapshot, num_rows: usize) {
    assert_eq!(snapshot.num_rows(), num_rows);
    let rows = 0..num_rows;
    let column = |name| snapshot.column(name).unwrap();
    let cities = column("city");
    let expected: Vec<String> = rows.clone().map(city).map(named).collect();
    assert_eq!(strings(&*cities, &*cities.read(rows.clone())), expected);
    let lists = column("tags");
    let array = lists.read(rows.clone());
    match array.as_list_opt::<i32>() {
        Some(all) => rows.clone().for_each(|row| {
            let expected: Vec<String> = tags(row).into_iter().map(named).collect();
            assert_eq!(strings(&*lists, &*all.value(row)), expected, "row {row}");
        }),
        None => assert!(num_rows <= VECTOR_ROWS + 1, "lists come with the second block"),
    }
    assert_eq!(longs(&column("level"), num_rows), rows.clone().map(level).collect::<Vec<_>>());
    assert_eq!(longs(&column("level_max"), num_rows), rows.clone().map(level).collect::<Vec<_>>());
    assert_eq!(longs(&column("count"), num_rows), vec![Some(1); num_rows]);
    let ids: Vec<_> = rows.clone().map(|row| Some(i64::MAX - row as i64 * 2)).collect();
    assert_eq!(longs(&column("id"), num_rows), ids);
    assert_eq!(longs(&column("__time"), num_rows), rows.clone().map(|row| Some(row as i64 / 3)).collect::<Vec<_>>());
    let prices: Vec<_> = rows.clone().map(|row| Some(price(row).to_bits())).collect();
    assert_eq!(doubles(&column("price"), num_rows), prices);
    assert_eq!(doubles(&column("price_sum"), num_rows), prices);
    assert_eq!(doubles(&column("odd"), num_rows), rows.map(|row| Some(odd(row).to_bits())).collect::<Vec<_>>());
}

#[test]
fn every_snapshot_has_the_rows_of_its_moment_whatever_comes_after() {
    let (mut index, texts) = (index(), texts());
    let mut snapshots = Vec::new();
    for start in (0..NUM_ROWS).step_by(BATCH_ROWS) {
        append(&mut index, &texts, start..NUM_ROWS.min(start + BATCH_ROWS));
        snapshots.push(index.snapshot());
    }
    for snapshot in snapshots.iter().step_by(3).chain(snapshots.last()) {
        check(snapshot, snapshot.num_rows());
    }
}

#[test]
fn rows_of_several_blocks_keep_to_the_suite() {
    let (mut index, texts) = (index(), texts());
    append(&mut index, &texts, 0..NUM_ROWS);
    let snapshot = index.snapshot();
    conformance::check(&*snapshot).unwrap();
    let column = |name| snapshot.column(name).unwrap();
    let packed = ["price", "level", "id", "price_sum", "level_max", "count"];
    packed.into_iter().for_each(|name| assert!(column(name).packed().is_some(), "{name}"));
    assert!(column("odd").packed().is_none());
    assert!(column("tags").list_codes().is_some() && column("city").list_codes().is_none());
    let codes = column("price").number_codes().map(|numbers| numbers.num_rows());
    assert_eq!(codes, None, "as many numbers as a long span of thousandths has");
    assert_eq!(column("count").number_codes().map(|numbers| numbers.num_rows()), Some(NUM_ROWS));
    let zone = column("price").zone(VECTOR_ROWS..VECTOR_ROWS + 5);
    assert_eq!(zone, Some(Bounds::Double { min: 0.05, max: 1.049 }));
}

#[test]
fn rows_that_do_not_change_any_more_take_little_memory() {
    let (mut index, texts) = (index(), texts());
    append(&mut index, &texts, 0..2 * VECTOR_ROWS);
    let before = index.memory_bytes();
    append(&mut index, &texts, 2 * VECTOR_ROWS..3 * VECTOR_ROWS);
    let bytes = (index.memory_bytes() - before) as f64 / VECTOR_ROWS as f64;
    // Two for a city, one for tags, two for a time and each other number, one of a count and eight for what is odd.
    assert!(bytes < 25.0, "{bytes} a row");
}
