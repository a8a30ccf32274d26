//! Nested data in every form of a segment: a path is what its documents hold.

use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary, Input};
use arrow_array::StringArray;
use dialect::path::JsonPath;
use dialect::value::{key, of_json};
use proptest::prelude::*;
use segment::conformance::{check, check_same, rows};
use segment::{
    Batch, ColumnRef, DimensionSchema, Field, Limits, LiveIndex, RollupSchema, SealedSegment, Segment, Shape, Source,
    StringDictionary, Table, image_from_parquet, merge, write_image, write_parquet,
};
use serde_json::{Value as Json, json};

use crate::common::id;

fn schema() -> RollupSchema {
    let nested = DimensionSchema::new("n", ColumnType::Value(Shape::Json));
    RollupSchema::new(vec![nested], Vec::new())
}

fn append(index: &mut LiveIndex, documents: &[Json]) {
    let keys: Vec<Option<String>> = documents.iter().map(|tree| key(&of_json(tree))).collect();
    let mut sorted = keys.clone();
    sorted.sort_by(|a, b| segment::compare_values(a.as_deref(), b.as_deref()));
    sorted.dedup();
    let dictionary = StringDictionary::sorted(StringArray::from(sorted)).unwrap();
    let codes: Vec<u32> = keys.iter().map(|key| dictionary.code_of(key.as_deref()).unwrap()).collect();
    let time: Vec<i64> = (0..documents.len() as i64).collect();
    let input = Input::Text { codes: Codes::U32(&codes), dictionary: &dictionary };
    index.append(&Batch { time: &time, dimensions: &[input], metrics: &[], mask: None }).unwrap();
}

fn index() -> LiveIndex {
    LiveIndex::new(id(), Arc::new(schema()), Limits::default()).unwrap()
}

fn sealed(table: &Table) -> [SealedSegment; 2] {
    let mut image = Vec::new();
    write_image(table, &mut image).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nested.parquet");
    write_parquet(table, std::fs::File::create(&path).unwrap()).unwrap();
    let mut published = Vec::new();
    image_from_parquet(&path, &mut published).unwrap();
    [image, published].map(|image| SealedSegment::from_bytes(image.into(), id()).unwrap())
}

/// The type of each path, as far as there is one.
fn types(segment: &dyn Segment) -> Vec<(String, ColumnType)> {
    let fields = segment.column("n").unwrap().fields().unwrap();
    let mut types: Vec<(String, ColumnType)> = fields
        .paths()
        .iter()
        .map(|path| match fields.find(path) {
            Field::Column(column) => (path.to_string(), column.column_type()),
            Field::Nothing | Field::Unknown => panic!("{path}"),
        })
        .collect();
    types.sort_by(|a, b| a.0.cmp(&b.0));
    types
}

fn path(segment: &dyn Segment, text: &str) -> Option<ColumnRef> {
    match segment.column("n").unwrap().fields().unwrap().find(&JsonPath::parse(text).unwrap()) {
        Field::Column(column) => Some(column),
        Field::Nothing | Field::Unknown => None,
    }
}

/// Live, sealed by both ways, and merged of two halves.
fn check_all(documents: &[Json]) -> Vec<(String, ColumnType)> {
    let (first, second) = documents.split_at(documents.len() / 2);
    let mut whole = index();
    append(&mut whole, first);
    let before = whole.snapshot();
    let then = rows(&*before);
    append(&mut whole, second);
    let live = whole.snapshot();
    check(&*before).unwrap();
    check(&*live).unwrap();
    assert_eq!(rows(&*before), then);
    let table = merge(&[Source::all(&*live)], &schema()).unwrap();
    check(&**table.view()).unwrap();
    let forms = sealed(&table);
    for form in &forms {
        check(form).unwrap();
        check_same(form, &*live).unwrap();
        assert_eq!(types(form), types(&*live));
    }
    let halves = [first, second].map(|half| {
        let mut index = index();
        append(&mut index, half);
        let table = merge(&[Source::all(&*index.snapshot())], &schema()).unwrap();
        let [image, _] = sealed(&table);
        image
    });
    let both = halves.each_ref().map(|half| Source::all(half));
    let merged = merge(&both, &schema()).unwrap();
    check(&**merged.view()).unwrap();
    assert_eq!(types(&**merged.view()), types(&*live));
    types(&*live)
}

#[test]
fn each_path_has_the_type_of_its_values() {
    let documents = [
        json!({"a": 1, "b": {"c": "x", "d": [1, 2.5]}, "m": 1, "l": [{"k": true}, 7]}),
        json!({"a": -5, "b": {"c": "y", "d": ["z", null]}, "m": "one", "l": [{"k": false}], "f": 1.5}),
        json!({"a": null, "b": {}, "m": [3], "it's": {"": 0.25}, "l": [1, 2]}),
        json!(null),
        json!("plain"),
        json!([1, 2]),
    ];
    let shape = |shape| ColumnType::Value(shape);
    let expected = [
        ("$", shape(Shape::StringArray)),
        ("$.a", ColumnType::Long),
        ("$.b.c", ColumnType::String),
        ("$.b.d", shape(Shape::StringArray)),
        ("$.f", ColumnType::Double),
        ("$.l", shape(Shape::LongArray)),
        ("$.l[0].k", ColumnType::Long),
        ("$.l[1]", ColumnType::Long),
        ("$.m", shape(Shape::StringArray)),
        ("$['it's']['']", ColumnType::Double),
    ];
    assert_eq!(check_all(&documents), expected.map(|(path, column_type)| (path.to_owned(), column_type)));
}

#[test]
fn paths_of_texts_have_bitmaps_and_paths_of_numbers_have_codes() {
    let documents: Vec<Json> = (0..4_000).map(|i| json!({"id": i, "t": format!("v{}", i % 300), "n": i % 7})).collect();
    let mut live = index();
    append(&mut live, &documents);
    let table = merge(&[Source::all(&*live.snapshot())], &schema()).unwrap();
    for form in sealed(&table) {
        let texts = path(&form, "$.t").unwrap();
        assert_eq!((texts.dictionary().unwrap().len(), texts.has_nulls()), (300, false));
        assert_eq!(texts.bitmaps().unwrap().cardinality(0), Some(14));
        let numbers = path(&form, "$.n").unwrap();
        assert_eq!(numbers.number_codes().unwrap().values().len(), 7);
        assert!(path(&form, "$.id").unwrap().number_codes().is_none());
        assert!(path(&form, "$.none").is_none() && path(&form, "$.l[-1]").is_none());
        assert!(form.schema().get("n$.t").is_none() && form.column("n$.t").is_none());
    }
}

#[test]
fn what_is_too_much_is_left_to_the_documents() {
    let documents: Vec<Json> = (0..1_200).map(|i| json!({"common": i % 5, format!("own{i}"): 1})).collect();
    let mut live = index();
    append(&mut live, &documents);
    let live = live.snapshot();
    check(&*live).unwrap();
    let table = merge(&[Source::all(&*live)], &schema()).unwrap();
    let [form, _] = sealed(&table);
    check(&form).unwrap();
    for segment in [&*live as &dyn Segment, &form] {
        let fields = segment.column("n").unwrap().fields().unwrap();
        assert!(!fields.is_whole() && fields.paths().len() <= 1_024);
        assert!(path(segment, "$.common").is_some());
        let rare = fields.find(&JsonPath::parse("$.own1199").unwrap());
        assert!(matches!(rare, Field::Unknown));
    }
    assert!(form.column("n").unwrap().fields().unwrap().paths().len() <= 64);
}

fn document() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3i64..3).prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (-4i32..4).prop_map(|v| Json::from(f64::from(v) / 4.0)),
        "[a-c\"\\\\é]{0,2}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec(("[a-c]|x\\.y|", inner), 0..4).prop_map(|f| Json::Object(f.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn a_path_is_what_its_documents_hold(documents in prop::collection::vec(document(), 0..40)) {
        check_all(&documents);
    }
}
