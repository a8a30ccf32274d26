use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Float64Array, Int64Array};
use serde_json::json;

use super::*;
use crate::arena::BLOCK_RECORDS;
use crate::spec::parse_aggregator;

fn specs() -> Vec<Arc<dyn AggregatorSpec>> {
    let specs = [
        json!({"type": "count", "name": "n"}),
        json!({"type": "longSum", "name": "s", "fieldName": "l"}),
        json!({"type": "doubleMax", "name": "m", "fieldName": "d"}),
        json!({"type": "hyperUnique", "name": "u", "fieldName": "l"}),
    ];
    specs.iter().map(|json| parse_aggregator(json, &[]).unwrap()).collect()
}

fn fold(kind: ArenaKind) -> Fold {
    let long = Some(ColumnType::Long);
    let columns = [vec![], vec![long.clone()], vec![Some(ColumnType::Double)], vec![long]];
    Fold::bind(&specs(), &columns, kind).unwrap()
}

fn inputs<'a>(longs: &'a Int64Array, doubles: &'a Float64Array) -> [Vec<Input<'a>>; 4] {
    [vec![], vec![Input::Long(longs)], vec![Input::Double(doubles)], vec![Input::Long(longs)]]
}

fn longs(states: &[ArrayRef], at: usize) -> Vec<Option<i64>> {
    states[at].as_primitive::<Int64Type>().iter().collect()
}

#[test]
fn a_large_table_is_folded_as_a_small_one() {
    const NUM_GROUPS: usize = 70_001;
    const NUM_ROWS: usize = 16_384;
    let group = |row: usize| row * 7_919 % NUM_GROUPS;
    let values: Int64Array = (0..NUM_ROWS as i64).map(Some).collect();
    let doubles: Float64Array = (0..NUM_ROWS).map(|row| Some(row as f64)).collect();
    let groups: Vec<u32> = (0..NUM_ROWS).map(|row| group(row) as u32).collect();
    let mut words = vec![0_u64; NUM_ROWS / 64];
    (0..NUM_ROWS).filter(|row| row % 3 != 1).for_each(|row| words[row / 64] |= 1 << (row % 64));
    for kind in [ArenaKind::Flat, ArenaKind::Shared] {
        let mut fold = fold(kind);
        fold.grow(NUM_GROUPS + 10);
        fold.fold(10, Groups::U32(&groups), NUM_ROWS, Rows::All, &inputs(&values, &doubles)).unwrap();
        fold.fold(10, Groups::U32(&groups), NUM_ROWS, Rows::Mask(&words), &inputs(&values, &doubles)).unwrap();
        let order: Vec<u32> = (0..NUM_ROWS).map(|row| group(row) as u32 + 10).collect();
        let states = fold.states(&order).unwrap();
        for row in 0..NUM_ROWS {
            let times = if row % 3 != 1 { 2 } else { 1 };
            assert_eq!(longs(&states, 0)[row], Some(times));
            assert_eq!(longs(&states, 1)[row], Some(times * row as i64));
            if row > 50 {
                break;
            }
        }
        assert_eq!(states[2].as_primitive::<Float64Type>().values().iter().sum::<f64>(), 134_209_536.0);
        assert_eq!(longs(&fold.states(&[3]).unwrap(), 1), [None]);
    }
}

#[test]
fn a_snapshot_keeps_only_what_was_there() {
    let num_groups = BLOCK_RECORDS * 2 + 5;
    let mut fold = fold(ArenaKind::Shared);
    fold.grow(num_groups);
    let values = Int64Array::from(vec![5, 6]);
    let doubles = Float64Array::from(vec![1.5, 2.5]);
    let groups = [1, BLOCK_RECORDS as u32 + 1];
    fold.fold(0, Groups::U32(&groups), 2, Rows::All, &inputs(&values, &doubles)).unwrap();
    let first = fold.snapshot();
    fold.fold(0, Groups::U32(&groups), 2, Rows::All, &inputs(&values, &doubles)).unwrap();
    let second = fold.snapshot();
    fold.grow(BLOCK_RECORDS * 3);
    fold.fold(0, Groups::U32(&groups), 2, Rows::All, &inputs(&values, &doubles)).unwrap();
    for (times, snapshot) in [(1, &first), (2, &second)] {
        assert_eq!(snapshot.len(), num_groups);
        let states = snapshot.states(&groups).unwrap();
        assert_eq!(longs(&states, 0), [Some(times), Some(times)]);
        assert_eq!(longs(&states, 1), [Some(times * 5), Some(times * 6)]);
    }
    assert_eq!(longs(&fold.states(&groups).unwrap(), 0), [Some(3), Some(3)]);
    drop((first, second));
    fold.fold(0, Groups::U32(&groups), 2, Rows::All, &inputs(&values, &doubles)).unwrap();
    assert_eq!(longs(&fold.states(&groups).unwrap(), 0), [Some(4), Some(4)]);
}

#[test]
fn each_aggregator_has_its_own_mask() {
    let mut fold = fold(ArenaKind::Flat);
    fold.grow(1);
    let values = Int64Array::from(vec![Some(1), None, Some(4)]);
    let doubles = Float64Array::from(vec![f64::NAN, -1.0, -2.0]);
    let masks = [Rows::Mask(&[0b011]), Rows::Mask(&[0b110]), Rows::Mask(&[0b110]), Rows::All];
    fold.fold_masked(0, Groups::One, 3, &masks, &inputs(&values, &doubles)).unwrap();
    let states = fold.states(&[0]).unwrap();
    assert_eq!((longs(&states, 0), longs(&states, 1)), (vec![Some(2)], vec![Some(4)]));
    assert_eq!(states[2].as_primitive::<Float64Type>().value(0), -1.0);
}

#[test]
fn sums_of_a_double_column_cut_each_value() {
    let spec = parse_aggregator(&json!({"type": "longSum", "name": "s", "fieldName": "d"}), &[]).unwrap();
    let mut fold = Fold::bind(&[spec], &[vec![Some(ColumnType::Double)]], ArenaKind::Flat).unwrap();
    fold.grow(1);
    let doubles = Float64Array::from(vec![1.9, -1.9, f64::NAN, 2.5, f64::INFINITY]);
    fold.fold(0, Groups::One, 5, Rows::Mask(&[0b01111]), &[[Input::Double(&doubles)]]).unwrap();
    assert_eq!(longs(&fold.states(&[0]).unwrap(), 0), [Some(2)]);
    fold.fold(0, Groups::One, 5, Rows::All, &[[Input::Double(&doubles)]]).unwrap();
    assert_eq!(longs(&fold.states(&[0]).unwrap(), 0), [Some(i64::MIN + 3)]);
}

#[test]
fn sums_of_no_rows_are_null_and_of_minus_zeros_zero() {
    let spec = parse_aggregator(&json!({"type": "doubleSum", "name": "s", "fieldName": "d"}), &[]).unwrap();
    let mut fold = Fold::bind(&[spec], &[vec![Some(ColumnType::Double)]], ArenaKind::Flat).unwrap();
    fold.grow(2);
    let doubles = Float64Array::from(vec![-0.0, -0.0]);
    fold.fold(0, Groups::U8(&[1, 1]), 2, Rows::All, &[[Input::Double(&doubles)]]).unwrap();
    let states = fold.states(&[0, 1]).unwrap();
    assert_eq!(states[0].as_primitive::<Float64Type>().iter().collect::<Vec<_>>(), [None, Some(0.0)]);
}

#[test]
fn misuse_is_an_error() {
    let mut fold = fold(ArenaKind::Flat);
    fold.grow(1);
    let none: [Vec<Input<'_>>; 1] = [vec![]];
    assert!(fold.fold(0, Groups::One, 1, Rows::All, &none).is_err());
    assert!(fold.fold_masked(0, Groups::One, 1, &[], &none).is_err());
    assert!(fold.merge(0, Groups::One, 1, Rows::All, &[]).is_err());
    let state = vec![Some(ColumnType::state("hyperUnique"))];
    let later = [vec![], state.clone(), vec![None], vec![None]];
    assert!(fold.begin_segment(&later).unwrap_err().to_string().contains("\"s\""));
    let error = Fold::bind(&specs()[1..2], &[state], ArenaKind::Flat).err().unwrap();
    assert!(error.to_string().contains("\"l\"") && error.to_string().contains("hyperUnique"));
}
