//! Filters by bitmap, by scan and row by row agree, over rows in memory, live and sealed.

use std::sync::Arc;

use aggregate::ColumnType;
use segment::{
    Batch, BatchView, DimensionSchema, Limits, LiveIndex, RollupSchema, SealedSegment, Segment, SegmentRef, Source,
    VECTOR_ROWS, input_of, merge, write_image,
};
use serde_json::{Value, json};

use crate::{Filter, words};

const NUM_ROWS: usize = VECTOR_ROWS + 3_333;

/// A small generator of numbers that are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

struct Row {
    time: i64,
    narrow: Option<String>,
    wide: Option<String>,
    tags: Vec<Option<String>>,
    long: Option<i64>,
    double: Option<f64>,
}

fn rows() -> Vec<Row> {
    let mut dice = Dice(7);
    let text = |dice: &mut Dice, kinds: u64| {
        let at = dice.below(kinds).min(dice.below(kinds));
        (at > 0).then(|| format!("v{at}"))
    };
    let row = |at: usize| Row {
        time: (at / 100) as i64,
        narrow: text(&mut dice, 40),
        wide: text(&mut dice, 3_000),
        tags: (0..dice.below(4)).map(|_| text(&mut dice, 12)).collect(),
        long: Some(dice.below(50) as i64).filter(|value| *value > 2),
        double: Some(dice.below(50) as f64 / 2.0).filter(|value| *value > 2.0),
    };
    (0..NUM_ROWS).map(row).collect()
}

fn segments(rows: &[Row]) -> Vec<SegmentRef> {
    let builder = || {
        let view = BatchView::builder().time(rows.iter().map(|row| row.time));
        let view = view.string("narrow", rows.iter().map(|row| row.narrow.clone()));
        let view = view.string("wide", rows.iter().map(|row| row.wide.clone()));
        let view = view.strings("tags", rows.iter().map(|row| row.tags.clone()));
        let view = view.long("long", rows.iter().map(|row| row.long));
        view.double("double", rows.iter().map(|row| row.double))
    };
    let views =
        [builder(), builder().with_bitmaps(), builder().insertion_order(), builder().insertion_order().with_bitmaps()];
    let mut segments: Vec<SegmentRef> = views.into_iter().map(|view| -> SegmentRef { view.build().unwrap() }).collect();
    let live = live(builder().long("row", (0..rows.len() as i64).map(Some)).build().unwrap());
    segments.push(sealed(&*live, true));
    segments.push(sealed(&*live, false));
    segments.push(live);
    segments
}

/// The row number comes first, so that sealing keeps the order of the rows.
fn schema(bitmaps: bool) -> RollupSchema {
    let types = [("row", ColumnType::Long), ("narrow", ColumnType::String), ("wide", ColumnType::String)];
    let more = [("tags", ColumnType::String), ("long", ColumnType::Long), ("double", ColumnType::Double)];
    let dimension = |(name, column_type)| DimensionSchema {
        create_bitmap_index: bitmaps,
        ..DimensionSchema::new(name, column_type)
    };
    let dimensions = types.into_iter().chain(more).map(dimension).collect();
    RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) }
}

fn live(rows: Arc<BatchView>) -> SegmentRef {
    let mut index = LiveIndex::new(rows.id().clone(), Arc::new(schema(true)), Limits::default()).unwrap();
    for start in (0..rows.num_rows()).step_by(5_000) {
        let taken = start..(start + 5_000).min(rows.num_rows());
        let names = schema(true).dimensions.into_iter().map(|dimension| dimension.name);
        let columns: Vec<_> = names.map(|name| rows.column(&name).unwrap()).collect();
        // Taken, not read: the offsets of a batch's lists start at 0.
        let some: Vec<u32> = (taken.start as u32..taken.end as u32).collect();
        let read: Vec<_> = columns.iter().map(|c| (c.take(&some), c.column_type(), c.dictionary())).collect();
        let inputs: Vec<_> = read.iter().map(|(a, t, d)| input_of(a.as_ref(), t, d.as_deref()).unwrap()).collect();
        let time: Vec<i64> = taken.map(|row| (row / 100) as i64).collect();
        index.append(&Batch { time: &time, dimensions: &inputs, metrics: &[], mask: None }).unwrap();
    }
    index.snapshot()
}

fn sealed(rows: &dyn Segment, bitmaps: bool) -> SegmentRef {
    let table = merge(&[Source::all(rows)], &schema(bitmaps)).unwrap();
    let mut image = Vec::new();
    write_image(&table, &mut image).unwrap();
    Arc::new(SealedSegment::from_bytes(image.into(), rows.id().clone()).unwrap())
}

fn leaf(dice: &mut Dice) -> Value {
    let text = ["narrow", "wide", "tags"][dice.below(3) as usize];
    let value = |dice: &mut Dice| {
        let at = dice.below(12) * dice.below(12);
        if at == 0 { Value::Null } else { json!(format!("v{at}")) }
    };
    let number = dice.below(50);
    match dice.below(9) {
        0 => json!({"type": "selector", "dimension": text, "value": value(dice)}),
        1 => {
            let values: Vec<_> = (0..dice.below(20)).map(|_| value(dice)).collect();
            json!({"type": "in", "dimension": text, "values": values})
        }
        2 => json!({"type": "like", "dimension": text, "pattern": format!("v{}%", dice.below(30))}),
        3 => json!({"type": "null", "column": text}),
        4 => json!({"type": "bound", "dimension": text, "lower": "v2", "upper": format!("v{number}")}),
        5 => json!({"type": "range", "column": "long", "matchValueType": "LONG", "lower": number, "upperOpen": true}),
        6 => json!({"type": "range", "column": "double", "matchValueType": "DOUBLE", "lower": 3, "upper": number}),
        7 => json!({"type": "selector", "dimension": "long", "value": number.to_string()}),
        _ => json!({"type": "bound", "dimension": "__time", "ordering": "numeric", "upper": number.to_string()}),
    }
}

fn tree(dice: &mut Dice, depth: usize) -> Value {
    let fields = |dice: &mut Dice| (0..1 + dice.below(3)).map(|_| tree(dice, depth - 1)).collect::<Vec<_>>();
    match if depth == 0 { 9 } else { dice.below(6) } {
        0 => json!({"type": "and", "fields": fields(dice)}),
        1 => json!({"type": "or", "fields": fields(dice)}),
        2 => json!({"type": "not", "field": tree(dice, depth - 1)}),
        3 => json!({"type": "istrue", "field": tree(dice, depth - 1)}),
        _ => leaf(dice),
    }
}

/// Some is decided, none is not.
fn any(values: &[Option<String>], test: impl Fn(Option<&str>) -> Option<bool>) -> Option<bool> {
    let nothing = [None];
    let values = if values.is_empty() { &nothing } else { values };
    let verdicts: Vec<_> = values.iter().map(|value| test(value.as_deref())).collect();
    match verdicts.contains(&Some(true)) {
        true => Some(true),
        false if verdicts.contains(&None) => None,
        false => Some(false),
    }
}

fn oracle(filter: &Value, row: &Row) -> Option<bool> {
    let fields = || filter["fields"].as_array().into_iter().flatten().map(|field| oracle(field, row));
    let kind = filter["type"].as_str().unwrap();
    let column = filter["dimension"].as_str().or(filter["column"].as_str()).unwrap_or_default();
    let (lower, upper) = (&filter["lower"], &filter["upper"]);
    match (kind, column) {
        ("and", _) if fields().any(|verdict| verdict == Some(false)) => Some(false),
        ("or", _) if fields().any(|verdict| verdict == Some(true)) => Some(true),
        ("and" | "or", _) if fields().any(|verdict| verdict.is_none()) => None,
        ("and" | "or", _) => Some(kind == "and"),
        ("not", _) => oracle(&filter["field"], row).map(|verdict| !verdict),
        ("istrue", _) => Some(oracle(&filter["field"], row) == Some(true)),
        ("bound", "__time") => Some(row.time <= upper.as_str().unwrap().parse().unwrap()),
        ("selector", "long") => row.long.map(|value| value.to_string() == filter["value"].as_str().unwrap()),
        ("range", "long") => row.long.map(|value| value >= lower.as_i64().unwrap()),
        ("range", "double") => {
            row.double.map(|value| value >= lower.as_f64().unwrap() && value <= upper.as_f64().unwrap())
        }
        _ => {
            let single = |value: &Option<String>| vec![value.clone()];
            let values = match column {
                "narrow" => single(&row.narrow),
                "wide" => single(&row.wide),
                _ => row.tags.clone(),
            };
            any(&values, |value| text(filter, kind, value))
        }
    }
}

fn text(filter: &Value, kind: &str, value: Option<&str>) -> Option<bool> {
    match kind {
        "selector" => match (&filter["value"], value) {
            (Value::Null, value) => Some(value.is_none()),
            (wanted, value) => value.map(|value| wanted.as_str() == Some(value)),
        },
        "in" => {
            let values = filter["values"].as_array().unwrap();
            match value {
                Some(value) => Some(values.iter().any(|wanted| wanted.as_str() == Some(value))),
                None if values.contains(&Value::Null) => Some(true),
                None => (values.is_empty()).then_some(false),
            }
        }
        "like" => value.map(|value| value.starts_with(filter["pattern"].as_str().unwrap().trim_end_matches('%'))),
        "null" => Some(value.is_none()),
        _ => {
            value.map(|value| (filter["lower"].as_str().unwrap()..=filter["upper"].as_str().unwrap()).contains(&value))
        }
    }
}

#[test]
fn by_bitmap_by_scan_and_by_row_agree() {
    let rows = rows();
    let segments = segments(&rows);
    let mut dice = Dice(42);
    for _ in 0..60 {
        let json = tree(&mut dice, 3);
        let filter = Filter::parse(&json).unwrap();
        let verdicts: Vec<_> = rows.iter().map(|row| oracle(&json, row)).collect();
        let expected: Vec<usize> = (0..NUM_ROWS).filter(|row| verdicts[*row] == Some(true)).collect();
        let maybe: Vec<usize> = (0..NUM_ROWS).filter(|row| verdicts[*row] != Some(false)).collect();
        for segment in &segments {
            let bound = filter.bind(segment).unwrap();
            let (mut passing, mut unknown, mut mask) = (Vec::new(), Vec::new(), Vec::new());
            for (start, end) in [(0, 1_000), (1_000, VECTOR_ROWS), (VECTOR_ROWS, NUM_ROWS)] {
                bound.mask(start..end, false, &mut mask).unwrap();
                passing.extend(words::rows(&mask, start));
                bound.mask(start..end, true, &mut mask).unwrap();
                unknown.extend(words::rows(&mask, start));
            }
            assert_eq!(passing, expected, "{json}");
            assert_eq!(unknown, maybe, "{json}");
            let range = bound.row_range(NUM_ROWS);
            assert!(expected.iter().all(|row| range.contains(row)), "{json}");
            if let Some(positions) = bound.positions().unwrap() {
                assert_eq!(positions.iter().map(|row| *row as usize).collect::<Vec<_>>(), expected, "{json}");
            }
            let mut some: Vec<u32> = (0..NUM_ROWS as u32).step_by(7).collect();
            bound.retain(&mut some).unwrap();
            let kept: Vec<u32> = expected.iter().filter(|row| **row % 7 == 0).map(|row| *row as u32).collect();
            assert_eq!(some, kept, "{json}");
            assert!(!bound.is_always_true() || expected.len() == NUM_ROWS, "{json}");
            assert!(!bound.is_always_false() || expected.is_empty(), "{json}");
        }
    }
}
