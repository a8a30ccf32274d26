use std::sync::Arc;

use aggregate::{Codes, ColumnType, Dictionary, Input, parse_aggregator};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Float64Array, Int64Array, StringArray};
use serde_json::json;
use timeline::{Granularity, Interval, SegmentId};

use super::{Batch, Limits, LiveIndex, MetricInput};
use crate::{
    Column, DimensionSchema, Error, MultiValueHandling, RollupSchema, Segment, StringDictionary, WEIGHT_COLUMN,
};

fn schema(rollup: bool) -> RollupSchema {
    let sum = parse_aggregator(&json!({"type": "longSum", "name": "sum", "fieldName": "n"}), &[]).unwrap();
    let dimensions = vec![DimensionSchema::string("city"), DimensionSchema::new("level", ColumnType::Long)];
    RollupSchema {
        rollup,
        query_granularity: Granularity::named("minute").unwrap(),
        ..RollupSchema::new(dimensions, vec![sum])
    }
}

fn index(schema: RollupSchema) -> LiveIndex {
    let id = SegmentId::new("ds", Interval::ETERNITY, "v", 0);
    LiveIndex::new(id, Arc::new(schema), Limits::default()).unwrap()
}

fn dictionary() -> StringDictionary {
    StringDictionary::sorted(StringArray::from(vec![None, Some("a"), Some("b"), Some("c")])).unwrap()
}

fn append(index: &mut LiveIndex, rows: &[(i64, u32, Option<i64>, i64)], mask: Option<&[u64]>) {
    let dictionary = dictionary();
    let time: Vec<i64> = rows.iter().map(|r| r.0).collect();
    let codes: Vec<u32> = rows.iter().map(|r| r.1).collect();
    let levels: Int64Array = rows.iter().map(|r| r.2).collect();
    let values: Int64Array = rows.iter().map(|r| Some(r.3)).collect();
    let city = Input::Text { codes: Codes::U32(&codes), dictionary: &dictionary };
    let metrics = [MetricInput { inputs: vec![Input::Long(&values)], mask: None }];
    let batch = Batch { time: &time, dimensions: &[city, Input::Long(&levels)], metrics: &metrics, mask };
    index.append(&batch).unwrap();
}

fn longs(segment: &dyn Segment, name: &str) -> Vec<Option<i64>> {
    segment.column(name).unwrap().read(0..segment.num_rows()).as_primitive::<Int64Type>().iter().collect()
}

fn texts(column: &dyn Column, num_rows: usize) -> Vec<Option<String>> {
    let (array, dictionary) = (column.read(0..num_rows), column.dictionary().unwrap());
    crate::widen(array.as_ref()).unwrap().into_iter().map(|c| dictionary.get(c).map(str::to_owned)).collect()
}

#[test]
fn equal_keys_share_a_row() {
    let mut index = index(schema(true));
    append(&mut index, &[(1, 1, Some(7), 10), (59_999, 1, Some(7), 5), (60_000, 1, Some(7), 1), (2, 0, None, 3)], None);
    append(&mut index, &[(3, 1, Some(7), 100), (4, 2, Some(7), 1)], None);
    let snapshot = index.snapshot();
    assert_eq!(snapshot.num_rows(), 4);
    assert_eq!(longs(&*snapshot, "sum"), [Some(115), Some(1), Some(3), Some(1)]);
    assert_eq!(longs(&*snapshot, WEIGHT_COLUMN), [Some(3), Some(1), Some(1), Some(1)]);
    assert_eq!(longs(&*snapshot, "__time"), [Some(0), Some(60_000), Some(0), Some(0)]);
    assert_eq!(longs(&*snapshot, "level"), [Some(7), Some(7), None, Some(7)]);
    let city = snapshot.column("city").unwrap();
    assert_eq!(texts(&*city, 4), [Some("a".into()), Some("a".into()), None, Some("b".into())]);
    assert_eq!(city.dictionary().unwrap().code_of(Some("c")), None);
    assert!(snapshot.sorted_times().is_none() && snapshot.metadata().is_live);
    assert_eq!((snapshot.time_range().start, snapshot.time_range().end), (0, 60_001));
    assert_eq!(index.num_records(), 6);
}

#[test]
fn a_mask_leaves_rows_and_their_values_out() {
    let mut index = index(schema(true));
    append(&mut index, &[(0, 3, None, 10), (0, 1, None, 5), (0, 3, None, 2)], Some(&[0b110]));
    let snapshot = index.snapshot();
    assert_eq!(longs(&*snapshot, "sum"), [Some(5), Some(2)]);
    assert_eq!(texts(&*snapshot.column("city").unwrap(), 2), [Some("a".into()), Some("c".into())]);
}

#[test]
fn without_rollup_every_row_stays() {
    let mut index = index(schema(false));
    append(&mut index, &[(1, 1, None, 10), (1, 1, None, 5)], None);
    let snapshot = index.snapshot();
    assert_eq!(longs(&*snapshot, "sum"), [Some(10), Some(5)]);
    assert!(snapshot.column(WEIGHT_COLUMN).is_none());
    assert_eq!(snapshot.sorted_times().unwrap().num_distinct(), 1);
}

#[test]
fn a_snapshot_stays_as_it_is() {
    let mut index = index(schema(true));
    let rows: Vec<_> = (0..40_000).map(|i| (i * 60_000, (i % 3) as u32, Some(i), 1)).collect();
    append(&mut index, &rows, None);
    let before = index.snapshot();
    let sums = longs(&*before, "sum");
    append(&mut index, &rows, None);
    append(&mut index, &[(0, 3, Some(-1), 1)], None);
    assert_eq!(before.num_rows(), 40_000);
    assert_eq!(longs(&*before, "sum"), sums);
    assert_eq!(before.column("city").unwrap().dictionary().unwrap().code_of(Some("c")), None);
    let after = index.snapshot();
    assert_eq!(longs(&*after, "sum")[..40_000], vec![Some(2); 40_000]);
    assert_eq!(after.num_rows(), 40_001);
    assert!(Arc::ptr_eq(&after, &index.snapshot()));
}

#[test]
fn lists_are_sorted_and_short_ones_are_values() {
    let handlings = [
        (MultiValueHandling::SortedArray, vec![1, 1, 2]),
        (MultiValueHandling::SortedSet, vec![1, 2]),
        (MultiValueHandling::Array, vec![2, 1, 1]),
    ];
    for (handling, expected) in handlings {
        let tags = DimensionSchema { multi_value_handling: handling, ..DimensionSchema::string("tags") };
        let mut index = index(RollupSchema { rollup: false, ..RollupSchema::new(vec![tags], Vec::new()) });
        let dictionary = dictionary();
        let input = Input::Texts { offsets: &[0, 3, 3, 4], codes: Codes::U8(&[2, 1, 1, 3]), dictionary: &dictionary };
        index.append(&Batch { time: &[0, 0, 0], dimensions: &[input], metrics: &[], mask: None }).unwrap();
        let snapshot = index.snapshot();
        let column = snapshot.column("tags").unwrap();
        assert!(column.is_multi_value() && column.has_nulls());
        let lists = column.read(0..3);
        let (lists, ours) = (lists.as_list::<i32>(), column.dictionary().unwrap());
        let row = |at: usize| -> Vec<u32> {
            let codes = lists.value(at);
            crate::widen(codes.as_ref())
                .unwrap()
                .into_iter()
                .map(|c| dictionary.code_of(ours.get(c)).unwrap())
                .collect()
        };
        assert_eq!((row(0), row(1), row(2)), (expected, vec![], vec![3]));
    }
}

#[test]
fn a_dimension_may_come_later() {
    let mut index = index(schema(true));
    append(&mut index, &[(0, 1, Some(1), 1)], None);
    index.add_dimension(DimensionSchema::string("late")).unwrap();
    assert!(index.add_dimension(DimensionSchema::string("city")).is_err());
    let (dictionary, values) = (dictionary(), Int64Array::from(vec![1, 1]));
    let (city, late) = ([1u8, 1], [0u8, 2]);
    let levels = Int64Array::from(vec![1, 1]);
    let dimensions = [
        Input::Text { codes: Codes::U8(&city), dictionary: &dictionary },
        Input::Long(&levels),
        Input::Text { codes: Codes::U8(&late), dictionary: &dictionary },
    ];
    let metrics = [MetricInput { inputs: vec![Input::Long(&values)], mask: None }];
    index.append(&Batch { time: &[0, 0], dimensions: &dimensions, metrics: &metrics, mask: None }).unwrap();
    let snapshot = index.snapshot();
    assert_eq!(longs(&*snapshot, "sum"), [Some(2), Some(1)]);
    assert_eq!(texts(&*snapshot.column("late").unwrap(), 2), [None, Some("b".into())]);
}

#[test]
fn rollup_that_does_not_fold_is_given_up() {
    let mut index = index(schema(true));
    for part in 0..5 {
        let rows: Vec<_> = (0..65_536).map(|i| (0, 1, Some(part * 65_536 + i), 1)).collect();
        append(&mut index, &rows, None);
    }
    let before = index.num_rows();
    append(&mut index, &[(0, 1, Some(0), 1)], None);
    assert_eq!(index.num_rows(), before + 1);
    assert_eq!(index.num_records() as usize, before + 1);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut index = index(schema(true));
    let values = Float64Array::from(vec![1.0]);
    let metrics = [MetricInput { inputs: vec![Input::Absent], mask: None }];
    let wrong = [Input::Absent, Input::Double(&values)];
    let refused = index.append(&Batch { time: &[0], dimensions: &wrong, metrics: &metrics, mask: None });
    assert!(matches!(refused, Err(Error::Invalid(_))));
    let short = Batch { time: &[0], dimensions: &[Input::Absent], metrics: &metrics, mask: None };
    assert!(index.append(&short).is_err());
    assert_eq!(index.num_rows(), 0);
    assert_eq!(index.snapshot().num_rows(), 0);
    assert_eq!(longs(&*index.snapshot(), "sum"), []);
}

#[test]
fn long_values_are_null_and_full_dictionaries_refuse() {
    let limits = Limits { max_dictionary_values: 2, max_value_bytes: 3, ..Limits::default() };
    let id = SegmentId::new("ds", Interval::ETERNITY, "v", 0);
    let schema = RollupSchema::new(vec![DimensionSchema::string("d")], Vec::new());
    let mut index = LiveIndex::new(id, Arc::new(schema), limits).unwrap();
    let values = StringDictionary::unsorted(StringArray::from(vec!["long", "abc", "x"])).unwrap();
    let mut send = |codes: &[u8]| {
        let input = Input::Text { codes: Codes::U8(codes), dictionary: &values };
        let time = vec![0; codes.len()];
        index.append(&Batch { time: &time, dimensions: &[input], metrics: &[], mask: None })
    };
    assert_eq!(send(&[0, 1]).unwrap().num_values_too_long, 1);
    assert!(matches!(send(&[2]), Err(Error::LimitExceeded(_))));
    assert_eq!(send(&[1]).unwrap().num_rows, 1);
    assert_eq!(index.num_rows(), 2);
}
