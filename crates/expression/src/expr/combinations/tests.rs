use aggregate::ColumnType;
use arrow_array::Array;
use segment::{
    BatchView, DimensionSchema, RollupSchema, SealedSegment, Segment, SegmentRef, Source, merge, write_image,
};
use serde_json::json;

use crate::expr::{Expr, Kind, Vector};
use crate::{Filter, VirtualColumns, WithVirtual};

const NUM_ROWS: i64 = 6_000;

/// Rows of every half minute from an instant on.
fn segment(start: i64) -> SegmentRef {
    let rows = || 0..NUM_ROWS;
    let text = |row: i64, of: i64| (row % of > 0).then(|| format!("v{}", row * 7 % of));
    let view = BatchView::builder()
        .time(rows().map(|row| start + row * 30_000))
        .string("a", rows().map(|row| text(row, 5)))
        .string("b", rows().map(|row| text(row, 7)))
        .string("many", rows().map(|row| text(row, 2_000)))
        .long("few", rows().map(|row| Some(row % 5 - 2)))
        .long("gaps", rows().map(|row| (row % 3 > 0).then_some(row % 11)))
        .double("price", rows().map(|row| Some((row * 31 % 100) as f64 / 100.0)))
        .double("each", rows().map(|row| Some(row as f64 * 1.7 - 900.0)))
        .build()
        .unwrap();
    let types = [("a", ColumnType::String), ("b", ColumnType::String), ("many", ColumnType::String)];
    let numbers = [("few", ColumnType::Long), ("gaps", ColumnType::Long), ("price", ColumnType::Double)];
    let numbers = numbers.into_iter().chain([("each", ColumnType::Double)]);
    let dimensions = types.into_iter().chain(numbers).map(|(name, of)| DimensionSchema::new(name, of)).collect();
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) };
    let table = merge(&[Source::all(&*view)], &schema).unwrap();
    let mut image = Vec::new();
    write_image(&table, &mut image).unwrap();
    std::sync::Arc::new(SealedSegment::from_bytes(image.into(), view.id().clone()).unwrap())
}

fn texts(values: &Vector) -> Vec<Option<String>> {
    (0..values.len()).map(|row| values.get(row).as_text().map(|text| text.into_owned())).collect()
}

/// The virtual column of the expression holds what the expression gives row by row, all rows and some.
fn check(segment: &SegmentRef, text: &str, has_codes: bool) {
    let bound = Expr::parse(text).unwrap().bind(segment);
    let by_codes = bound.combinations(segment).and_then(|combinations| combinations.eval(&bound));
    assert_eq!(by_codes.is_some(), has_codes, "{text}");
    let columns = VirtualColumns::parse(&json!([{"type": "expression", "name": "v", "expression": text}])).unwrap();
    let with = WithVirtual::new(segment.clone(), &columns).unwrap();
    let read = Expr::parse("v").unwrap().bind(&with);
    let all = texts(&bound.eval(0..segment.num_rows()).unwrap());
    assert_eq!(texts(&read.eval(0..segment.num_rows()).unwrap()), all, "{text}");
    let some = [5_999, 0, 17, 17, 3_000];
    let expected: Vec<_> = some.iter().map(|row| all[*row as usize].clone()).collect();
    assert_eq!(texts(&read.eval_rows(&some).unwrap()), expected, "{text}");
    let column = with.column("v").unwrap();
    if let Some(codes) = column.number_codes() {
        let numbers = Vector::from_arrow(&codes.numbers(&*codes.read(0..segment.num_rows()))).unwrap();
        assert_eq!(texts(&numbers), all, "{text}");
        assert!(!codes.values().is_empty() && codes.codes().len() == segment.num_rows());
    }
    let holds = json!({"type": "expression", "expression": text});
    let truths = bound.eval(0..segment.num_rows()).unwrap();
    let filter = Filter::parse(&holds).unwrap().bind(segment).unwrap();
    for unknown in [false, true] {
        let mut mask = Vec::new();
        filter.mask(0..segment.num_rows(), unknown, &mut mask).unwrap();
        for row in 0..segment.num_rows() {
            let truth = truths.get(row);
            let passes = truth.is_true() || (unknown && truth.is_null());
            assert_eq!(mask[row / 64] >> (row % 64) & 1 == 1, passes, "{text} {row} {unknown}");
        }
    }
}

#[test]
fn what_combinations_give_is_what_rows_give() {
    let segment = segment(1_700_000_000_000);
    for (text, has_codes) in [
        ("concat(a, '-', b)", true),
        ("a == 'v3' && (b == 'v5' || few > 1)", true),
        ("if(price > 0.5, 'dear', a)", true),
        ("(a == 'v3' || b == 'v5') && few > -1 || price > 0.9", false),
        ("a == 'v3' && gaps > 4", false),
        ("gaps > 4 || b != 'v2'", false),
        ("many == 'v14' && few < 2 && price > 0.1", false),
        ("each > 3 && a == 'v2'", false),
        ("if(a == 'v2', each, 0.0)", false),
        ("if(few > 0, 1.5, each)", false),
        ("floor(each) * 2 + ceil(each)", false),
        ("case_searched(few > 1, few * 10, few < 0, -1, 0)", true),
        ("floor(price * 10) / 10", true),
        ("nvl(a, b)", true),
        ("timestamp_extract(__time, 'HOUR') * 100 + few", true),
        ("timestamp_floor(__time, 'P1D')", true),
        ("concat(timestamp_format(__time, 'HH:mm'), 'h')", false),
        ("timestamp_format(__time, 'EEE HH')", true),
        ("timestamp_ceil(__time, 'PT1H')", false),
        ("__time / 3600000", false),
        ("concat(a, many)", false),
        ("gaps + few", false),
        ("gaps", false),
    ] {
        check(&segment, text, has_codes);
    }
}

#[test]
fn zones_that_change_within_the_rows_are_followed() {
    // Before the changes to summer time and back, and where zones still had odd seconds.
    for start in [1_711_800_000_000, 1_729_900_000_000, -2_422_200_000_000] {
        let segment = segment(start);
        for zone in ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"] {
            for unit in ["MINUTE", "HOUR", "DAY", "DOW"] {
                let bound = Expr::parse(&format!("timestamp_extract(__time, '{unit}', '{zone}')")).unwrap();
                let columns = json!([{"type": "expression", "name": "v", "expression": bound.text()}]);
                let with = WithVirtual::new(segment.clone(), &VirtualColumns::parse(&columns).unwrap()).unwrap();
                let expected = bound.bind(&segment).eval(0..segment.num_rows()).unwrap().to_arrow_as(Kind::Long);
                assert_eq!(&with.column("v").unwrap().read(0..segment.num_rows()), &expected, "{zone} {unit} {start}");
            }
        }
    }
}
