//! One suite over every implementation, and every way from rows to a segment.

use std::io::Write;

use crate::common::{Event, append, events, id, index, live, schema, sealed, table, texts};
use aggregate::{Codes, ColumnType, Input};
use proptest::prelude::*;
use segment::conformance::{check, check_same, rows};
use segment::{
    Batch, BatchView, DimensionSchema, MetricInput, MultiValueHandling, RollupSchema, SealedSegment, Segment, Source,
    Table, WEIGHT_COLUMN, image_from_parquet, inspect, merge, rows_within, write_image, write_parquet,
};
use serde_json::json;
use timeline::Interval;

#[test]
fn every_implementation_keeps_to_the_suite() {
    for rollup in [true, false] {
        let events = events(40_000);
        let live = live(&events, rollup);
        check(&*live).unwrap();
        let table = table(&[&*live], rollup);
        check(&**table.view()).unwrap();
        check_same(&*live, &**table.view()).unwrap();
        let sealed = sealed(&table);
        check(&sealed).unwrap();
        assert_eq!(rows(&sealed), rows(&**table.view()));
        let [spilled, published] = on_disk(&table);
        for again in [spilled, published] {
            check(&again).unwrap();
            assert_eq!((rows(&again), again.num_records()), (rows(&sealed), 40_000));
        }
        assert_eq!(sealed.num_records(), 40_000);
        assert_eq!(sealed.metadata().aggregators.len(), 4);
        let city = sealed.column("city").unwrap();
        let dictionary = city.dictionary().unwrap();
        let bitmaps = city.bitmaps().expect("texts have bitmaps");
        let stored = (0..dictionary.len() as u32).filter(|&code| bitmaps.cardinality(code).is_some()).count();
        assert!(stored < dictionary.len(), "frequent values are scanned");
        let merged = crate::common::table(&[&sealed], rollup);
        assert_eq!(rows(&**merged.view()), rows(&sealed));
    }
}

/// A spill opened again after a restart, and a published file by way of its image.
fn on_disk(table: &Table) -> [SealedSegment; 2] {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write_image(table, file.as_file_mut()).unwrap();
    let spilled = SealedSegment::reopen(file.path(), id()).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    write_parquet(table, file.as_file_mut()).unwrap();
    let mut image = Vec::new();
    image_from_parquet(file.path(), &mut image).unwrap();
    [spilled, SealedSegment::from_bytes(image.into(), id()).unwrap()]
}

#[test]
fn a_batch_view_keeps_to_the_suite() {
    let view = BatchView::builder()
        .time([3, 1, 2])
        .string("s", [Some("b"), None, Some("a")])
        .strings("m", [vec![Some("x"), Some("y")], vec![], vec![Some("y"), None]])
        .float("f", [Some(1.5), None, Some(f32::NAN)])
        .state("h", "hyperUnique", [Some(&b"12"[..]), None, Some(&b""[..])])
        .with_bitmaps()
        .build()
        .unwrap();
    check(&*view).unwrap();
    check(&*BatchView::builder().insertion_order().string("s", [Some("b"), None]).build().unwrap()).unwrap();
    check(&*BatchView::builder().build().unwrap()).unwrap();
}

#[test]
fn nothing_is_a_segment_too() {
    let empty = live(&[], true);
    check(&*empty).unwrap();
    let sealed = sealed(&table(&[&*empty], true));
    check(&sealed).unwrap();
    assert_eq!(sealed.num_rows(), 0);
    assert_eq!(merge(&[], &schema(true)).unwrap().num_rows(), 0);
}

#[test]
fn a_snapshot_keeps_while_the_writer_goes_on() {
    let events = events(24_000);
    let mut index = index(schema(true));
    let mut held = Vec::new();
    for (at, part) in events.chunks(4_000).enumerate() {
        append(&mut index, part);
        let snapshot = index.snapshot();
        held.push((at + 1, rows(&*snapshot), snapshot));
    }
    for (parts, then, snapshot) in &held {
        assert_eq!(&rows(&**snapshot), then);
        check(&**snapshot).unwrap();
        check_same(&*live(&events[..parts * 4_000], true), &**snapshot).unwrap();
    }
}

#[test]
fn readers_and_the_writer_do_not_disturb_each_other() {
    let events = events(30_000);
    let mut index = index(schema(true));
    std::thread::scope(|scope| {
        for part in events.chunks(5_000) {
            append(&mut index, part);
            let snapshot = index.snapshot();
            scope.spawn(move || {
                let before = rows(&*snapshot);
                check(&*snapshot).unwrap();
                assert_eq!(rows(&*snapshot), before);
            });
        }
    });
}

#[test]
fn a_published_file_becomes_the_same_image() {
    for rollup in [true, false] {
        let table = table(&[&*live(&events(30_000), rollup)], rollup);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let len = write_parquet(&table, file.as_file_mut()).unwrap();
        file.flush().unwrap();
        assert_eq!(len, file.path().metadata().unwrap().len());
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        write_image(&table, &mut ours).unwrap();
        image_from_parquet(file.path(), &mut theirs).unwrap();
        let downloaded = SealedSegment::from_bytes(theirs.into(), id()).unwrap();
        check(&downloaded).unwrap();
        assert_eq!(rows(&downloaded), rows(&**table.view()));
        let inspection = inspect(file.path()).unwrap();
        assert_eq!((inspection.format, inspection.num_records), ("parquet", 30_000));
        assert!(inspection.columns.iter().all(|c| c.data_bytes > 0));
        let image = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(image.path(), &ours).unwrap();
        let opened = SealedSegment::open(image.path(), id()).unwrap();
        check(&opened).unwrap();
        let inspection = inspect(image.path()).unwrap();
        assert_eq!((inspection.format, inspection.num_rows), ("image", opened.num_rows() as u64));
        let data: u64 = inspection.columns.iter().map(|c| c.data_bytes).sum();
        assert!(data < inspection.size_bytes, "{data} bytes of columns in {}", inspection.size_bytes);
    }
}

#[test]
fn parts_of_a_segment_add_up() {
    let live = live(&events(20_000), true);
    let cut = 20_000;
    let (early, late) = (Interval { start: 0, end: cut }, Interval { start: cut, end: i64::MAX });
    let part = |interval| {
        let mask = rows_within(&*live, interval);
        merge(&[Source { segment: &*live, rows: Some(&mask) }], &schema(true)).unwrap()
    };
    let (early, late) = (part(early), part(late));
    assert_eq!(early.num_records() + late.num_records(), 20_000);
    assert!(early.time_range().end <= cut && late.time_range().start >= cut);
    let whole = table(&[&**early.view(), &**late.view()], true);
    assert_eq!(rows(&**whole.view()), rows(&**table(&[&*live], true).view()));
}

#[test]
fn segments_say_how_they_can_be_merged() {
    let live = live(&events(1_000), true);
    let first = sealed(&table(&[&*live], true));
    let schema = RollupSchema::of_segments(&[&first, &*live], &[]).unwrap();
    let tags = schema.dimensions.iter().find(|d| &*d.name == "tags").unwrap();
    assert_eq!(tags.multi_value_handling, MultiValueHandling::Array);
    let twice = merge(&[Source::all(&first), Source::all(&*live)], &schema).unwrap();
    assert_eq!((twice.num_rows(), twice.num_records()), (first.num_rows(), 2_000));
    let stranger = BatchView::builder().long("amount_sum", [Some(1)]).build().unwrap();
    assert!(RollupSchema::of_segments(&[&*stranger], &[]).is_err());
}

#[test]
fn columns_come_go_and_change_type() {
    let old = BatchView::builder()
        .time([1, 2])
        .string("gone", [Some("g"), None])
        .string("level", [Some("7"), Some("x")])
        .long("city", [Some(5), None])
        .build()
        .unwrap();
    let merged = table(&[&*old], true);
    let expected = ["__time=0; city=\"5\"; level=7; ", "__time=0; "];
    let mut found = rows(&**merged.view());
    // An estimate of no values is a state too.
    found
        .iter_mut()
        .for_each(|row| *row = row.split("cities=").map(|p| p.split_once("]; ").map_or(p, |p| p.1)).collect());
    found.sort();
    let mut expected = expected.map(String::from);
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn weights_are_kept_and_added() {
    let event = events(1).remove(0);
    let live = live(&vec![event; 5], true);
    let once = table(&[&*live], true);
    let twice = table(&[&**once.view(), &*live], true);
    assert_eq!((twice.num_rows(), twice.num_records()), (1, 10));
    let opened = sealed(&twice);
    assert_eq!(opened.num_records(), 10);
    assert!(opened.column(WEIGHT_COLUMN).is_some());
    assert!(opened.schema().visible().all(|c| &*c.name != WEIGHT_COLUMN));
}

#[test]
fn a_filtered_count_is_not_the_number_of_records() {
    let events = events(100);
    for rollup in [true, false] {
        let count = |name: &str| aggregate::parse_aggregator(&json!({"type": "count", "name": name}), &[]).unwrap();
        let dimensions = vec![DimensionSchema::string("city")];
        let filters = [("some".to_owned(), json!({"type": "true"}))].into();
        let schema = RollupSchema { rollup, filters, ..RollupSchema::new(dimensions, vec![count("some")]) };
        let mut index = index(schema.clone());
        let texts = texts();
        let cities: Vec<u8> = events.iter().map(|e| e.city).collect();
        let city = [Input::Text { codes: Codes::U8(&cities), dictionary: &texts }];
        let metric = [MetricInput { inputs: Vec::new(), mask: Some(&[0b1011, 0]) }];
        index.append(&Batch { time: &[0; 100], dimensions: &city, metrics: &metric, mask: None }).unwrap();
        let live = index.snapshot();
        assert_eq!(live.metadata().aggregators[0]["type"], "filtered");
        let first = sealed(&merge(&[Source::all(&*live)], &schema).unwrap());
        assert_eq!(first.num_records(), 100);
        let again = RollupSchema::of_segments(&[&first, &*live], &[]).unwrap();
        assert_eq!(again.filters, schema.filters);
        let twice = sealed(&merge(&[Source::all(&first), Source::all(&*live)], &again).unwrap());
        assert_eq!(twice.num_records(), 200);
        assert_eq!(twice.metadata().aggregators, live.metadata().aggregators);
        assert_eq!(twice.column(WEIGHT_COLUMN).is_some(), rollup);
    }
}

#[test]
fn numbers_that_repeat_have_codes_in_an_image() {
    let longs = (0..20_000).map(|row| Some(row % 1_000 - 500));
    let doubles = (0..20_000).map(|row| Some(f64::from(row % 7) - 3.0));
    let view = BatchView::builder().time(0..20_000).long("long", longs).double("double", doubles).build().unwrap();
    let dimensions = [("long", ColumnType::Long), ("double", ColumnType::Double)];
    let dimensions = dimensions.map(|(name, column_type)| DimensionSchema::new(name, column_type));
    let table = merge(&[Source::all(&*view)], &RollupSchema::new(dimensions.into(), Vec::new())).unwrap();
    for segment in on_disk(&table) {
        check(&segment).unwrap();
        let num_values = |name| segment.column(name).unwrap().number_codes().map(|numbers| numbers.values().len());
        assert_eq!((num_values("long"), num_values("double")), (Some(1_000), Some(7)));
    }
}

#[test]
fn many_segments_open_again_without_being_read() {
    let table = table(&[&*live(&events(40_000), false)], false);
    let file = tempfile::NamedTempFile::new().unwrap();
    write_image(&table, file.as_file()).unwrap();
    let held: Vec<_> = (0..1_000).map(|_| SealedSegment::reopen(file.path(), id()).unwrap()).collect();
    assert!(held.iter().all(|segment| segment.num_rows() == table.num_rows()));
    check(&held[999]).unwrap();
}

#[test]
fn a_damaged_image_opened_again_stays_within_itself() {
    let table = table(&[&*live(&events(60), true)], true);
    let mut image = Vec::new();
    write_image(&table, &mut image).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    for at in (0..image.len()).step_by(11) {
        let mut damaged = image.clone();
        damaged[at] ^= 0x81;
        std::fs::write(file.path(), &damaged).unwrap();
        if let Ok(segment) = SealedSegment::reopen(file.path(), id()) {
            // Reads may panic, as those of a code outside its dictionary do.
            drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| rows(&segment))));
        }
    }
    for len in (0..image.len()).step_by(101) {
        std::fs::write(file.path(), &image[..len]).unwrap();
        assert!(SealedSegment::reopen(file.path(), id()).is_err());
    }
}

#[test]
fn a_damaged_image_is_corrupt_and_nothing_worse() {
    let table = table(&[&*live(&events(500), true)], true);
    let mut image = Vec::new();
    write_image(&table, &mut image).unwrap();
    for at in (0..image.len()).step_by(97).chain(image.len() - 64..image.len()) {
        let mut damaged = image.clone();
        damaged[at] ^= 0x41;
        if let Ok(opened) = SealedSegment::from_bytes(damaged.into(), id()) {
            // Only padding is not covered by a checksum.
            assert_eq!(rows(&opened), rows(&**table.view()), "byte {at}");
        }
    }
    for len in (0..image.len()).step_by(101) {
        assert!(SealedSegment::from_bytes(image[..len].to_vec().into(), id()).is_err());
    }
}

/// The image with one byte changed and its checksums made right again.
fn forged(image: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut image = image.to_vec();
    image[at] = value;
    let end = image.len() - 64;
    let long = |image: &[u8], at: usize| u64::from_le_bytes(image[end + at..end + at + 8].try_into().unwrap()) as usize;
    let (arrow, section, len) = (long(&image, 0), long(&image, 8), long(&image, 16));
    let sums = [(24, crc32fast::hash(&image[..arrow])), (28, crc32fast::hash(&image[section..section + len]))];
    for (at, sum) in sums {
        image[end + at..end + at + 4].copy_from_slice(&sum.to_le_bytes());
    }
    let own = crc32fast::hash(&image[end..end + 52]);
    image[end + 52..end + 56].copy_from_slice(&own.to_le_bytes());
    image
}

#[test]
fn a_forged_image_is_refused_or_read_without_panic() {
    let table = table(&[&*live(&events(60), true)], true);
    let mut image = Vec::new();
    write_image(&table, &mut image).unwrap();
    let (mut opened, mut refused) = (0, 0);
    for at in (0..image.len() - 64).step_by(3) {
        let value = [0, 0xff, image[at] ^ 1, image[at] ^ 0x80][at % 4];
        match SealedSegment::from_bytes(forged(&image, at, value).into(), id()) {
            Ok(segment) => {
                opened += 1;
                drop(check(&segment));
                drop(rows(&segment));
            }
            Err(error) => {
                refused += 1;
                assert!(
                    matches!(error.kind(), dialect::ErrorKind::Corrupt | dialect::ErrorKind::Unsupported),
                    "{error}"
                );
            }
        }
    }
    assert!(opened > 0 && refused > 0);
}

fn event() -> impl Strategy<Value = Event> {
    let tags = prop::collection::vec(0u8..8, 0..4);
    let price = prop::option::of((-4i32..5).prop_map(f64::from));
    let ratio = prop::option::of((-2i8..3).prop_map(f32::from));
    (0i64..5_000, 0u8..8, tags, prop::option::of(-2i64..3), ratio, prop::option::of(-9i64..10), price).prop_map(
        |(time, city, tags, level, ratio, amount, price)| Event { time, city, tags, level, ratio, amount, price },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sealing_keeps_the_rows(events in prop::collection::vec(event(), 0..200), rollup: bool) {
        let live = live(&events, rollup);
        let sealed = sealed(&table(&[&*live], rollup));
        check(&*live).map_err(TestCaseError::fail)?;
        check(&sealed).map_err(TestCaseError::fail)?;
        check_same(&*live, &sealed).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn any_split_merges_to_the_whole(
        events in prop::collection::vec(event(), 1..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        rollup: bool,
    ) {
        let whole = table(&[&*live(&events, rollup)], rollup);
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(events.len())).collect();
        cuts.extend([0, events.len()]);
        cuts.sort_unstable();
        let parts: Vec<_> = cuts.windows(2).map(|w| table(&[&*live(&events[w[0]..w[1]], rollup)], rollup)).collect();
        let parts: Vec<_> = parts.iter().map(sealed).collect();
        let parts: Vec<&dyn Segment> = parts.iter().map(|p| p as &dyn Segment).collect();
        let merged = table(&parts, rollup);
        prop_assert_eq!(merged.num_records(), events.len() as u64);
        check_same(&**whole.view(), &**merged.view()).map_err(TestCaseError::fail)?;
    }
}
