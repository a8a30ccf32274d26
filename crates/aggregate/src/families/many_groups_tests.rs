//! What is done at once for the rows of many groups is what is done row by row.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, Float64Array, Int64Array};
use serde_json::{Value, json};

use crate::arena::ArenaKind;
use crate::fold::Fold;
use crate::input::{Codes, ColumnType, Groups, Input, NumberValues, Rows};
use crate::packed::{Packed, Scale};
use crate::sketches::quantiles::Quantiles;
use crate::spec::{AggregatorSpec, parse_aggregator};

const NUM_ROWS: usize = 16_384;
const NUM_GROUPS: usize = 41;

fn spec(json: Value) -> Arc<dyn AggregatorSpec> {
    parse_aggregator(&json, &[]).unwrap()
}

fn bound(spec: &Arc<dyn AggregatorSpec>, types: &[ColumnType]) -> Fold {
    let types = vec![types.iter().cloned().map(Some).collect()];
    let mut fold = Fold::bind(std::slice::from_ref(spec), &types, ArenaKind::Flat).unwrap();
    fold.grow(NUM_GROUPS + 3);
    fold
}

fn states(fold: &Fold) -> ArrayRef {
    let order: Vec<u32> = (0..NUM_GROUPS as u32 + 3).collect();
    fold.states(&order).unwrap().remove(0)
}

fn numbers<'a>(codes: &'a [u32], values: &'a [i64]) -> [[Input<'a>; 1]; 1] {
    [[Input::Numbers { codes: Codes::U32(codes), values: NumberValues::Longs(values) }]]
}

/// Numbers in no order.
fn odd(seed: u64) -> impl Fn(usize) -> u64 {
    move |row| {
        ((row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
            >> 20
    }
}

fn mask(keeps: impl Fn(usize) -> bool) -> Vec<u64> {
    let mut words = vec![0; NUM_ROWS / 64];
    (0..NUM_ROWS).filter(|row| keeps(*row)).for_each(|row| words[row / 64] |= 1 << (row % 64));
    words
}

#[test]
fn sketches_of_many_groups_are_those_of_their_rows() {
    let values: Vec<i64> = (0..60_000).map(|at| at * 9_973 + 100_000_007).collect();
    let specs = [
        json!({"type": "HLLSketchBuild", "name": "a", "fieldName": "x"}),
        json!({"type": "HLLSketchBuild", "name": "a", "fieldName": "x", "lgK": 7, "tgtHllType": "HLL_8"}),
        json!({"type": "HLLSketchBuild", "name": "a", "fieldName": "x", "lgK": 9, "tgtHllType": "HLL_6"}),
        json!({"type": "thetaSketch", "name": "a", "fieldName": "x", "size": 256}),
    ];
    for json in specs {
        let spec = spec(json);
        let (mut waiting, mut plain) = (bound(&spec, &[ColumnType::Long]), bound(&spec, &[ColumnType::Long]));
        waiting.let_wait();
        for vector in 0..12 {
            // Half of the rows are in one group.
            let group =
                |row: usize| (odd(vector)(row) % (2 * NUM_GROUPS as u64)).saturating_sub(NUM_GROUPS as u64) as u8;
            let ids: Vec<u8> = (0..NUM_ROWS).map(group).collect();
            let codes: Vec<u32> = (0..NUM_ROWS).map(|row| (odd(!vector)(row) % values.len() as u64) as u32).collect();
            let longs: Int64Array = codes.iter().map(|code| Some(values[*code as usize])).collect();
            let words = mask(|row| vector % 3 != 1 || row % 7 == 2);
            let rows = if vector % 3 == 0 { Rows::All } else { Rows::Mask(&words) };
            let inputs = if vector < 8 { numbers(&codes, &values) } else { [[Input::Long(&longs)]] };
            waiting.fold(2, Groups::U8(&ids), NUM_ROWS, rows, &inputs).unwrap();
            for row in (0..NUM_ROWS).filter(|row| rows.contains(*row)) {
                let input = [[Input::Long(&longs.slice(row, 1))]];
                plain.fold(2 + usize::from(ids[row]), Groups::One, 1, Rows::All, &input).unwrap();
            }
        }
        waiting.settle(&numbers(&[], &values)).unwrap();
        assert!(states(&waiting) == states(&plain), "{}", spec.to_json());
    }
}

/// Far more integers than can be counted, most of them low.
#[test]
fn quantiles_of_wide_integers_are_those_of_their_rows() {
    let spec = spec(json!({"type": "quantilesDoublesSketch", "name": "a", "fieldName": "x", "k": 128}));
    for num_groups in [1, 3, NUM_GROUPS] {
        let mut fold = bound(&spec, &[ColumnType::Double]);
        fold.let_wait();
        let mut expected = vec![Vec::new(); num_groups];
        for vector in 0..20 {
            let stored: Vec<u32> = (0..NUM_ROWS)
                .map(|row| (odd(vector)(row) % if row % 23 == 0 { 5_000_000 } else { 3_000 }) as u32)
                .collect();
            let ids: Vec<u8> = (0..NUM_ROWS).map(|row| (odd(!vector)(row) % num_groups as u64) as u8).collect();
            let base = if vector < 13 { 70 } else { -200 };
            let scale = Scale::Double { base, digits: 1 };
            let words = mask(|row| vector % 3 != 1 || row % 7 != 2);
            let rows = if vector % 3 == 0 { Rows::All } else { Rows::Mask(&words) };
            let packed = Packed { stored: Codes::U32(&stored), nulls: None, scale, max: 5_000_000 };
            let groups = if num_groups == 1 { Groups::One } else { Groups::U8(&ids) };
            fold.fold(2, groups, NUM_ROWS, rows, &[[Input::Packed(packed)]]).unwrap();
            for row in (0..NUM_ROWS).filter(|row| rows.contains(*row)) {
                expected[usize::from(ids[row])].push(scale.double(stored[row]));
            }
        }
        fold.settle(&[[Input::Absent]]).unwrap();
        let order: Vec<u32> = (2..).take(num_groups).collect();
        let states = fold.states(&order).unwrap().remove(0);
        for (state, mut expected) in states.as_binary::<i32>().iter().zip(expected) {
            expected.sort_by(f64::total_cmp);
            let sketch = Quantiles::decode(state.unwrap()).unwrap();
            assert_eq!((sketch.n(), sketch.min()), (expected.len() as u64, expected[0]));
            assert_eq!(Some(&sketch.max()), expected.last());
            for percent in 1..100 {
                let quantile = sketch.view().quantile(f64::from(percent) / 100.0).unwrap();
                let rank = expected.partition_point(|item| *item <= quantile) as f64 / expected.len() as f64;
                assert!((rank * 100.0 - f64::from(percent)).abs() < 2.0, "{num_groups} groups, {percent}: {rank}");
            }
        }
    }
}

#[test]
fn the_first_and_last_of_rows_in_the_order_of_time() {
    let doubles: Float64Array = (0..NUM_ROWS).map(|row| (row % 5 != 3).then_some(row as f64)).collect();
    for tag in ["doubleFirst", "doubleLast"] {
        let spec = spec(json!({"type": tag, "name": "a", "fieldName": "x"}));
        let types = [ColumnType::Double, ColumnType::Long];
        for (ordered, keeps) in [(true, 1), (true, 700), (false, 1)] {
            let time = |row: usize| if ordered { row as i64 / 3 } else { (odd(5)(row) % 1_000) as i64 };
            let times: Int64Array = (0..NUM_ROWS).map(|row| Some(time(row))).collect();
            let ids: Vec<u8> = (0..NUM_ROWS).map(|row| (odd(9)(row) % NUM_GROUPS as u64) as u8).collect();
            let words = mask(|row| row % keeps == 0);
            let rows = if keeps == 1 { Rows::All } else { Rows::Mask(&words) };
            let (mut all, mut plain) = (bound(&spec, &types), bound(&spec, &types));
            let inputs = [[Input::Double(&doubles), Input::Long(&times)]];
            all.fold(2, Groups::U8(&ids), NUM_ROWS, rows, &inputs).unwrap();
            for row in (0..NUM_ROWS).filter(|row| rows.contains(*row)) {
                let input = [[Input::Double(&doubles.slice(row, 1)), Input::Long(&times.slice(row, 1))]];
                plain.fold(2 + usize::from(ids[row]), Groups::One, 1, Rows::All, &input).unwrap();
            }
            assert!(states(&all) == states(&plain), "{tag} {ordered} {keeps}");
        }
    }
}

#[test]
fn sums_of_few_groups_are_those_of_their_rows() {
    for tag in ["count", "longSum", "longMin", "doubleSum", "doubleMax"] {
        let spec = spec(json!({"type": tag, "name": "a", "fieldName": "x"}));
        let types: &[ColumnType] = match tag {
            "count" => &[],
            "longSum" | "longMin" => &[ColumnType::Long],
            _ => &[ColumnType::Double],
        };
        let (mut narrow, mut plain) = (bound(&spec, types), bound(&spec, types));
        for num_rows in [NUM_ROWS, 3_001] {
            let longs: Int64Array = (0..num_rows as i64).map(|row| Some(row - 70)).collect();
            let doubles: Float64Array = (0..num_rows).map(|row| Some(row as f64 / 4.0)).collect();
            let ids: Vec<u8> = (0..num_rows).map(|row| (row * row % NUM_GROUPS) as u8).collect();
            let wide: Vec<u16> = ids.iter().map(|id| (*id).into()).collect();
            let inputs = match types {
                [] => vec![],
                [ColumnType::Long] => vec![Input::Long(&longs)],
                _ => vec![Input::Double(&doubles)],
            };
            narrow.fold(2, Groups::U8(&ids), num_rows, Rows::All, &[inputs.as_slice()]).unwrap();
            plain.fold(2, Groups::U16(&wide), num_rows, Rows::All, &[inputs.as_slice()]).unwrap();
        }
        assert!(states(&narrow) == states(&plain), "{tag}");
    }
}
