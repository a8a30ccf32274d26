//! The published file as a reader sees it that knows nothing of its index section.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type, TimestampMillisecondType};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::statistics::Statistics;
use segment::{BatchView, ColumnType, DimensionSchema, RollupSchema, Source, merge, write_parquet};

/// More than a page, and more than a row group.
const ROWS: usize = (1 << 18) + 70_000;

/// Numbers that repeat up to `most`, in no order.
fn mixed(row: usize, most: usize) -> usize {
    row.wrapping_mul(2_654_435_761) / 7 % most
}

fn text(row: usize) -> Option<String> {
    (mixed(row, 11) != 3).then(|| format!("text {}", mixed(row, 5_000)))
}

fn texts(row: usize) -> Vec<Option<String>> {
    match mixed(row, 7) {
        0 => Vec::new(),
        1 => vec![None],
        2 => vec![Some("alone".to_owned())],
        len => (0..len).map(|at| (at != 4).then(|| format!("item {}", mixed(row + at, 300)))).collect(),
    }
}

fn number(row: usize) -> Option<i64> {
    Some(row as i64)
}

fn key(row: usize) -> Option<i64> {
    (row % 9 != 5).then(|| (row as i64).wrapping_mul(0x9e37_79b9_7f4a_7c15u64 as i64) >> (row % 50))
}

fn few(row: usize) -> Option<i64> {
    (row % 13 != 5).then(|| mixed(row, 40) as i64 * 1_000 - 7)
}

fn price(row: usize) -> Option<f64> {
    (!row.is_multiple_of(10)).then(|| mixed(row, 9_000) as f64 / 100.0)
}

fn ratio(row: usize) -> Option<f64> {
    Some(1.0 / (1.0 + row as f64))
}

fn published(time: impl Fn(usize) -> i64) -> Bytes {
    let view = BatchView::builder()
        .time((0..ROWS).map(time))
        // Rows of one time are sorted by it.
        .long("number", (0..ROWS).map(number))
        .string("text", (0..ROWS).map(text))
        .string("one", (0..ROWS).map(|_| Some("same")))
        .strings("texts", (0..ROWS).map(texts))
        .long("key", (0..ROWS).map(key))
        .long("few", (0..ROWS).map(few))
        .long("none", (0..ROWS).map(|_| None))
        .double("price", (0..ROWS).map(price))
        .double("ratio", (0..ROWS).map(ratio))
        .build()
        .unwrap();
    let texts = ["text", "one", "texts"].map(|name| DimensionSchema::new(name, ColumnType::String));
    let number = vec![DimensionSchema::new("number", ColumnType::Long)];
    let longs = ["key", "few", "none"].map(|name| DimensionSchema::new(name, ColumnType::Long));
    let doubles = ["price", "ratio"].map(|name| DimensionSchema::new(name, ColumnType::Double));
    let dimensions = [number, texts.to_vec(), longs.to_vec(), doubles.to_vec()].concat();
    let schema = RollupSchema { rollup: false, ..RollupSchema::new(dimensions, Vec::new()) };
    let mut file = Vec::new();
    let len = write_parquet(&merge(&[Source::all(&*view)], &schema).unwrap(), &mut file).unwrap();
    assert_eq!(len, file.len() as u64);
    file.into()
}

fn column(batches: &[RecordBatch], name: &str) -> ArrayRef {
    let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column_by_name(name).unwrap().as_ref()).collect();
    arrow_select::concat::concat(&parts).unwrap()
}

fn check(time: impl Fn(usize) -> i64 + Copy) {
    let file = published(time);
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let all = |name| column(&batches, name);
    let times = all("__time");
    assert_eq!(times.data_type().to_string(), r#"Timestamp(ms, "UTC")"#);
    assert!(times.as_primitive::<TimestampMillisecondType>().values().iter().copied().eq((0..ROWS).map(time)));
    assert!(
        all("text").as_string::<i32>().iter().eq((0..ROWS).map(text).collect::<Vec<_>>().iter().map(|t| t.as_deref()))
    );
    assert!(all("one").as_string::<i32>().iter().all(|text| text == Some("same")));
    for (name, long) in [("number", number as fn(usize) -> _), ("key", key), ("few", few), ("none", |_| None)] {
        assert!(all(name).as_primitive::<Int64Type>().iter().eq((0..ROWS).map(long)), "{name}");
    }
    for (name, double) in [("price", price as fn(usize) -> _), ("ratio", ratio)] {
        assert!(all(name).as_primitive::<Float64Type>().iter().eq((0..ROWS).map(double)), "{name}");
    }
    let lists = all("texts");
    assert!(matches!(lists.data_type(), DataType::List(field) if *field.data_type() == DataType::Utf8));
    for (row, list) in lists.as_list::<i32>().iter().enumerate() {
        let expected = Some(texts(row)).filter(|texts| texts != &[None]);
        let held = list.map(|list| list.as_string::<i32>().iter().map(|t| t.map(str::to_owned)).collect::<Vec<_>>());
        assert_eq!(held, expected, "row {row}");
    }
}

#[test]
fn rows_of_few_times_are_read_as_they_were() {
    check(|row| row as i64 / 5_000 * 60_000);
}

#[test]
fn rows_of_many_times_are_read_as_they_were() {
    check(|row| row as i64 * 3 - 1_000);
}

#[test]
fn groups_tell_the_bounds_of_their_columns() {
    let reader = ParquetRecordBatchReaderBuilder::try_new(published(|row| row as i64)).unwrap();
    let groups = reader.metadata().row_groups();
    assert_eq!(groups.iter().map(|group| group.num_rows()).collect::<Vec<_>>(), [1 << 18, 70_000]);
    let rows = [0..1 << 18, 1 << 18..ROWS];
    for (group, rows) in groups.iter().zip(rows) {
        let of = |name: &str| {
            let column = group.columns().iter().find(|column| column.column_path().parts()[0] == name).unwrap();
            column.statistics().unwrap().clone()
        };
        let Statistics::ByteArray(found) = of("text") else { panic!("texts") };
        let expected = || rows.clone().filter_map(text);
        let bytes = |text: Option<String>| text.map(String::into_bytes);
        assert_eq!(found.min_opt().map(|text| text.data().to_vec()), bytes(expected().min()));
        assert_eq!(found.max_opt().map(|text| text.data().to_vec()), bytes(expected().max()));
        assert_eq!(found.null_count_opt(), Some(rows.clone().filter(|row| text(*row).is_none()).count() as u64));
        for (name, long) in [("number", number as fn(usize) -> _), ("key", key), ("few", few), ("none", |_| None)] {
            let Statistics::Int64(found) = of(name) else { panic!("longs") };
            assert_eq!(found.min_opt().copied(), rows.clone().filter_map(long).min(), "{name}");
            assert_eq!(found.max_opt().copied(), rows.clone().filter_map(long).max(), "{name}");
        }
        let Statistics::Double(found) = of("price") else { panic!("doubles") };
        assert_eq!(found.max_opt().copied(), rows.clone().filter_map(price).reduce(f64::max));
    }
}
