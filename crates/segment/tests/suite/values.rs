//! Columns of values: arrays, nested data, mixed scalars, in every form of a segment.

use std::sync::Arc;

use aggregate::{Codes, ColumnType, Input};
use arrow_array::StringArray;
use dialect::value::{Value, key};
use segment::conformance::{check, check_same, rows};
use segment::{
    Batch, BatchView, DimensionSchema, Limits, LiveIndex, RollupSchema, SealedSegment, Segment, Shape, Source,
    StringDictionary, Table, common_type, image_from_parquet, merge, write_image, write_parquet,
};

use crate::common::id;

fn longs(items: &[Option<i64>]) -> Value<'static> {
    Value::Array(items.iter().map(|item| item.map_or(Value::Null, Value::Long)).collect())
}

fn text(text: &'static str) -> Value<'static> {
    Value::Text(text.into())
}

/// A column of each kind.
pub fn columns() -> Vec<(&'static str, Shape, Vec<Value<'static>>)> {
    let doubles = |items: &[f64]| Value::Array(items.iter().map(|item| Value::Double(*item)).collect());
    let texts = |items: &[&'static str]| Value::Array(items.iter().map(|item| text(item)).collect());
    let json = |text: &'static str| Value::Json(text.into());
    let none = || Value::Null;
    vec![
        ("longs", Shape::LongArray, vec![longs(&[Some(1), None]), longs(&[]), none(), longs(&[Some(-7)])]),
        ("doubles", Shape::DoubleArray, vec![doubles(&[1.5, -0.0]), none(), doubles(&[]), doubles(&[1e300])]),
        ("texts", Shape::StringArray, vec![texts(&["b", "a\0"]), texts(&[""]), texts(&[]), texts(&["b", "a\0"])]),
        ("mixed", Shape::StringArray, vec![Value::Long(1), text("1"), longs(&[Some(1)]), Value::Double(1.0)]),
        ("numbers", Shape::Double, vec![Value::Long(1), Value::Double(1.0), none(), Value::Long(i64::MIN)]),
        ("nested", Shape::Json, vec![json("{\"a\":{\"b\":[1,{}]}}"), json("true"), none(), text("x")]),
    ]
}

fn keys(values: &[Value<'_>]) -> StringArray {
    values.iter().map(key).collect()
}

pub fn view() -> Arc<BatchView> {
    let builder = BatchView::builder().time(0..4);
    let with = |builder: segment::BatchViewBuilder, (name, shape, values): (&str, Shape, Vec<Value<'_>>)| {
        builder.values(name, shape, keys(&values))
    };
    columns().into_iter().fold(builder, with).build().unwrap()
}

fn schema(rollup: bool) -> RollupSchema {
    let dimensions = columns().into_iter().map(|(name, shape, _)| DimensionSchema::new(name, ColumnType::Value(shape)));
    RollupSchema { rollup, ..RollupSchema::new(dimensions.collect(), Vec::new()) }
}

fn live() -> Arc<segment::LiveSnapshot> {
    let mut index = LiveIndex::new(id(), Arc::new(schema(true)), Limits::default()).unwrap();
    let dictionaries: Vec<StringDictionary> = columns()
        .iter()
        .map(|(_, _, values)| {
            let mut keys: Vec<Option<String>> = values.iter().map(key).collect();
            keys.sort_by(|a, b| segment::compare_values(a.as_deref(), b.as_deref()));
            keys.dedup();
            StringDictionary::sorted(StringArray::from(keys)).unwrap()
        })
        .collect();
    use aggregate::Dictionary;
    let codes: Vec<Vec<u32>> = columns()
        .iter()
        .zip(&dictionaries)
        .map(|((_, _, values), known)| values.iter().map(|v| known.code_of(key(v).as_deref()).unwrap()).collect())
        .collect();
    let inputs: Vec<Input<'_>> = codes
        .iter()
        .zip(&dictionaries)
        .map(|(codes, dictionary)| Input::Text { codes: Codes::U32(codes), dictionary })
        .collect();
    // The same rows twice are rolled up.
    for _ in 0..2 {
        index.append(&Batch { time: &[0, 1, 2, 3], dimensions: &inputs, metrics: &[], mask: None }).unwrap();
    }
    index.snapshot()
}

fn sealed(table: &Table) -> [SealedSegment; 2] {
    let mut image = Vec::new();
    write_image(table, &mut image).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.parquet");
    write_parquet(table, std::fs::File::create(&path).unwrap()).unwrap();
    let mut published = Vec::new();
    image_from_parquet(&path, &mut published).unwrap();
    [image, published].map(|image| SealedSegment::from_bytes(image.into(), id()).unwrap())
}

#[test]
fn live_spilled_sealed_and_merged_segments_hold_the_same_values() {
    let (view, live) = (view(), live());
    check(&*view).unwrap();
    check(&*live).unwrap();
    check_same(&*view, &*live).unwrap();
    let spilled = merge(&[Source::all(&*live)], &schema(true)).unwrap();
    for sealed in sealed(&spilled) {
        check(&sealed).unwrap();
        check_same(&sealed, &*view).unwrap();
        assert!(sealed.column("nested").unwrap().bitmaps().is_some());
        let merged = merge(&[Source::all(&sealed), Source::all(&*live)], &schema(true)).unwrap();
        check_same(&**merged.view(), &*view).unwrap();
        assert_eq!(merged.num_records(), 16);
        let own = RollupSchema::of_segments(&[&sealed, &*live], &[]).unwrap();
        assert_eq!(own.dimensions.iter().map(|d| d.column_type.clone()).collect::<Vec<_>>(), {
            columns().into_iter().map(|(_, shape, _)| ColumnType::Value(shape)).collect::<Vec<_>>()
        });
    }
}

#[test]
fn types_of_segments_widen_to_the_least_that_holds_all() {
    let numbers = BatchView::builder().time([0, 1]).long("d", [Some(1), None]).build().unwrap();
    let doubles = BatchView::builder().time([2]).double("d", [Some(2.5)]).build().unwrap();
    let nothing = BatchView::builder().time([3]).string("d", [None::<&str>]).build().unwrap();
    let lists =
        BatchView::builder().time([4]).values("d", Shape::LongArray, keys(&[longs(&[Some(3)])])).build().unwrap();
    let wide = [&*numbers, &*doubles, &*nothing, &*lists].map(|view| view as &dyn Segment);
    assert_eq!(common_type(&wide[..1], "d"), Some(ColumnType::Long));
    assert_eq!(common_type(&[wide[2], wide[0]], "d"), Some(ColumnType::Long));
    assert_eq!(common_type(&wide[..3], "d"), Some(ColumnType::Value(Shape::Double)));
    assert_eq!(common_type(&wide, "d"), Some(ColumnType::Value(Shape::DoubleArray)));
    assert_eq!(common_type(&wide, "e"), None);
    let target = DimensionSchema::new("d", ColumnType::Value(Shape::DoubleArray));
    let schema = RollupSchema::new(vec![target], Vec::new());
    let merged = merge(&wide.map(Source::all), &schema).unwrap();
    check(&**merged.view()).unwrap();
    let column = merged.view().column("d").unwrap();
    let dictionary = column.dictionary().unwrap();
    let codes = segment::widen(column.read(0..5).as_ref()).unwrap();
    let held: Vec<_> = codes.iter().map(|code| dialect::value::of_key(dictionary.get(*code)).unwrap()).collect();
    let expected =
        [Value::Long(1), Value::Null, Value::Double(2.5), Value::Null, Value::Array(vec![Value::Double(3.0)])];
    assert_eq!(held, expected);
    assert_eq!(rows(&**merged.view()).len(), 5);
}
