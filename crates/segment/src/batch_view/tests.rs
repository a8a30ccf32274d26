use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, UInt8Type};

use crate::{BatchView, ColumnType, Role, Segment, TIME_COLUMN};

#[test]
fn columns_read_as_they_were_given() {
    let view = BatchView::builder()
        .time([10, 10, 20])
        .string("city", [Some("b"), None, Some("a")])
        .strings("tags", [vec![Some("y"), Some("x")], vec![], vec![Some("x")]])
        .long("count", [Some(1), None, Some(3)])
        .build()
        .unwrap();
    assert_eq!(view.num_rows(), 3);
    assert_eq!((view.time_range().start, view.time_range().end), (10, 21));
    assert_eq!(view.sorted_times().unwrap().runs().unwrap().1, [0, 2]);
    let city = view.column("city").unwrap();
    assert!(city.has_nulls() && !city.is_multi_value());
    assert_eq!(city.read(0..3).as_primitive::<UInt8Type>().values(), &[2, 0, 1]);
    let dictionary = city.dictionary().unwrap();
    assert_eq!((dictionary.get(0), dictionary.get(2), dictionary.code_of(Some("a"))), (None, Some("b"), Some(1)));
    let tags = view.column("tags").unwrap();
    let rows = tags.take(&[0, 1]);
    assert_eq!(rows.as_list::<i32>().value_length(0), 2);
    assert_eq!(rows.as_list::<i32>().value_length(1), 0);
    assert!(tags.has_nulls());
    let count = view.column("count").unwrap();
    assert_eq!(count.take(&[2]).as_primitive::<Int64Type>().value(0), 3);
    assert_eq!(view.schema().get("count").unwrap().role, Role::Metric);
    assert_eq!(view.column(TIME_COLUMN).unwrap().column_type(), ColumnType::Long);
}

#[test]
fn insertion_order_keeps_first_rows_first() {
    let view = BatchView::builder().insertion_order().string("c", [Some("b"), None, Some("a")]).build().unwrap();
    let dictionary = view.column("c").unwrap().dictionary().unwrap();
    assert!(!dictionary.is_sorted());
    assert_eq!(dictionary.code_of(Some("a")), Some(2));
    assert_eq!(dictionary.code_of(None), Some(1));
    assert_eq!(dictionary.get(0), Some("b"));
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(BatchView::builder().time([1]).long("a", [Some(1), Some(2)]).build().is_err());
    assert!(BatchView::builder().long("a", [Some(1)]).long("a", [Some(2)]).build().is_err());
    assert!(BatchView::builder().time([1]).long("__time", [Some(1)]).build().is_err());
}
