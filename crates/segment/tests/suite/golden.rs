//! Files of every format version, opened and read whole by this one.
//!
//! `cargo test -p segment --test suite -- --ignored` writes those of the newest version that are missing; what
//! is there is never written again.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::{events, id, live, table};
use aggregate::{AggregatorSpec, ColumnType, parse_aggregator};
use arrow_array::StringArray;
use dialect::value::{key, of_json};
use segment::conformance::{check, rows};
use segment::{
    BatchView, DimensionSchema, MultiValueHandling, RollupSchema, SealedSegment, Segment, Shape, Source, Table,
    image_from_parquet, inspect, merge, write_image, write_parquet,
};
use serde_json::{Value, json};

const NAMES: [&str; 8] = ["rollup", "multi_value", "nulls", "sketches", "unicode", "filtered", "values", "nested"];

const VERSIONS: [&str; 2] = ["v1", "v2"];

fn folder(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../segments").join(version)
}

/// Schema, metadata and rows as text.
fn spelled(segment: &dyn Segment) -> String {
    let mut out = String::new();
    for c in segment.schema().columns() {
        let multi = if c.multi_value { " multi-value" } else { "" };
        writeln!(out, "{} {} {:?}{multi}", c.name, c.column_type, c.role).unwrap();
    }
    writeln!(out, "{}", serde_json::to_string(segment.metadata()).unwrap()).unwrap();
    for row in rows(segment) {
        writeln!(out, "{row}").unwrap();
    }
    out
}

#[test]
fn every_golden_segment_opens_and_holds_its_rows() {
    for (version, name) in VERSIONS.iter().flat_map(|version| NAMES.map(|name| (version, name))) {
        let expected = fs::read_to_string(folder(version).join(name).with_extension("txt")).unwrap();
        let parquet = folder(version).join(name).with_extension("parquet");
        let mut image = Vec::new();
        image_from_parquet(&parquet, &mut image).unwrap();
        let published = SealedSegment::from_bytes(image.into(), id()).unwrap();
        let local = SealedSegment::open(&folder(version).join(name).with_extension("image"), id()).unwrap();
        for segment in [&published, &local] {
            check(segment).unwrap();
            assert_eq!(spelled(segment), expected, "{version} {name}");
        }
        assert_eq!(inspect(&parquet).unwrap().num_records, local.num_records());
    }
}

#[test]
#[ignore = "writes the golden segments of the newest format version"]
fn write_golden_segments() {
    let newest = folder(VERSIONS[VERSIONS.len() - 1]);
    fs::create_dir_all(&newest).unwrap();
    for name in NAMES.into_iter().filter(|name| !newest.join(name).with_extension("txt").exists()) {
        let table = golden(name);
        let path = newest.join(name);
        write_parquet(&table, fs::File::create(path.with_extension("parquet")).unwrap()).unwrap();
        write_image(&table, fs::File::create(path.with_extension("image")).unwrap()).unwrap();
        fs::write(path.with_extension("txt"), spelled(&**table.view())).unwrap();
    }
}

fn golden(name: &str) -> Table {
    match name {
        "rollup" => table(&[&*live(&events(300), true)], true),
        "multi_value" => table(&[&*live(&events(100), false)], false),
        "nulls" => sealed_rows(nulls()),
        "sketches" => sketches(),
        "unicode" => sealed_rows(unicode()),
        "filtered" => filtered(),
        "values" => sealed_rows(crate::values::view()),
        "nested" => sealed_rows(nested()),
        other => panic!("no golden segment '{other}'"),
    }
}

/// The rows of a view without roll-up, its own columns as dimensions.
fn sealed_rows(view: Arc<BatchView>) -> Table {
    let dimensions = view.schema().columns().iter().skip(1);
    let dimensions = dimensions.map(|c| DimensionSchema::new(&c.name, c.column_type.clone())).collect();
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) };
    merge(&[Source::all(&*view)], &schema).unwrap()
}

fn nulls() -> Arc<BatchView> {
    BatchView::builder()
        .time([i64::from(i32::MIN), 0, 0, 1])
        .string("all_null", [None::<&str>; 4])
        .string("some_null", [None, Some(""), Some("x"), None])
        .long("long", [Some(i64::MIN), None, Some(0), Some(i64::MAX)])
        .double("double", [Some(-0.0), Some(f64::NAN), None, Some(f64::INFINITY)])
        .float("float", [Some(f32::MIN_POSITIVE), None, Some(1.1), Some(-1.1)])
        .long("no_long", [None; 4])
        .build()
        .unwrap()
}

/// Documents with paths of every type.
fn nested() -> Arc<BatchView> {
    let documents = [
        json!({"a": 1, "b": {"c": "x", "d": [1, 2.5]}, "m": 1, "l": [{"k": true}, 7]}),
        json!({"a": -5, "b": {"c": "y", "d": ["z", null]}, "m": "one", "l": [{"k": false}], "f": 1.5}),
        json!({"a": null, "b": {}, "m": [3], "it's": {"": 0.25}, "l": [1, 2]}),
        json!(null),
        json!("plain"),
    ];
    let keys: StringArray = documents.iter().map(|tree| key(&of_json(tree))).collect();
    BatchView::builder().time(0..documents.len() as i64).values("n", Shape::Json, keys).build().unwrap()
}

/// Files that know no paths tell by their documents alone.
#[test]
fn nested_data_without_paths_opens() {
    let open = |name: &str| SealedSegment::open(&folder("v1").join(name).with_extension("image"), id()).unwrap();
    assert!(open("values").column("nested").unwrap().fields().is_none());
    let fields = open("nested").column("n").unwrap().fields().unwrap();
    assert!(fields.is_whole() && fields.paths().len() == 10);
}

fn unicode() -> Arc<BatchView> {
    let texts = ["é", "e\u{301}", "\u{fffd}", "\u{1f600}", "\u{10ffff}", "\u{e000}", "中文", "a\u{0}b", "\"quoted\"\n"];
    BatchView::builder()
        .time(0..texts.len() as i64)
        .string("text \"ünï\"", texts.map(Some))
        .strings("teile", texts.map(|t| vec![Some(t), Some("\u{1f600}")]))
        .build()
        .unwrap()
}

fn sketches() -> Table {
    let live = live(&events(200), true);
    let specs: [Value; 6] = [
        json!({"type": "count", "name": "count"}),
        json!({"type": "hyperUnique", "name": "unique", "fieldName": "city"}),
        json!({"type": "HLLSketchBuild", "name": "hll", "fieldName": "city"}),
        json!({"type": "thetaSketch", "name": "theta", "fieldName": "city"}),
        json!({"type": "quantilesDoublesSketch", "name": "quantiles", "fieldName": "amount_sum"}),
        json!({"type": "doubleLast", "name": "last", "fieldName": "price_max"}),
    ];
    let specs: Vec<Arc<dyn AggregatorSpec>> = specs.iter().map(|s| parse_aggregator(s, &[]).unwrap()).collect();
    let dimensions = vec![DimensionSchema::new("level", ColumnType::Long)];
    let mut index = crate::common::index(RollupSchema::new(dimensions, specs));
    crate::common::reappend(
        &mut index,
        &*live,
        &["level"],
        &[&[], &["city"], &["city"], &["city"], &["amount_sum"], &["price_max", "__time"]],
        None,
    );
    merge(&[Source::all(&*index.snapshot())], index.schema()).unwrap()
}

/// A metric with a filter before the count of all records, and lists without repetition.
fn filtered() -> Table {
    let count = |name: &str| parse_aggregator(&json!({"type": "count", "name": name}), &[]).unwrap();
    let filter = json!({"type": "selector", "dimension": "city", "value": "a"});
    let tags =
        DimensionSchema { multi_value_handling: MultiValueHandling::SortedSet, ..DimensionSchema::string("tags") };
    let city = DimensionSchema { create_bitmap_index: false, ..DimensionSchema::string("city") };
    let filters = [("some".to_owned(), filter)].into();
    let schema = RollupSchema { filters, ..RollupSchema::new(vec![tags, city], vec![count("some"), count("all")]) };
    let live = live(&events(200), true);
    let mut index = crate::common::index(schema);
    let mut mask = vec![0u64; live.num_rows().div_ceil(64)];
    (0..live.num_rows()).step_by(3).for_each(|row| mask[row / 64] |= 1 << (row % 64));
    crate::common::reappend(&mut index, &*live, &["tags", "city"], &[&[], &[]], Some(&mask));
    merge(&[Source::all(&*index.snapshot())], index.schema()).unwrap()
}
