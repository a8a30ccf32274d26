//! The fold's loops: group ids of each width, under masks of each density.
//!
//! A count and a sum of doubles over vectors of 16,384 rows; throughput is rows.

use std::hint::black_box;
use std::sync::Arc;

use aggregate::{AggregatorSpec, ArenaKind, ColumnType, Fold, Groups, Input, Rows, parse_aggregator};
use arrow_array::Float64Array;
use benches::scattered;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

const NUM_ROWS: usize = 16_384;
const NUM_VECTORS: usize = 64;

fn fold_of(num_groups: usize) -> Fold {
    let specs = [json!({"type": "count", "name": "n"}), json!({"type": "doubleSum", "name": "s", "fieldName": "v"})];
    let specs: Vec<Arc<dyn AggregatorSpec>> =
        specs.iter().map(|spec| parse_aggregator(spec, &[]).expect("a known aggregator")).collect();
    let columns = [vec![], vec![Some(ColumnType::Double)]];
    let mut fold = Fold::bind(&specs, &columns, ArenaKind::Flat).expect("columns that fit");
    fold.grow(num_groups);
    fold
}

/// Words in which one of `every` rows is set.
fn mask(every: usize) -> Vec<u64> {
    let word = |at: usize| {
        (0..64).fold(0, |word, bit| word | u64::from(scattered(at * 64 + bit).is_multiple_of(every)) << bit)
    };
    (0..NUM_ROWS / 64).map(word).collect()
}

fn folds(criterion: &mut Criterion) {
    let values = Float64Array::from_iter_values((0..NUM_ROWS).map(|row| row as f64 / 8.0));
    let (half, few) = (mask(2), mask(25));
    let masks = [("all", Rows::All), ("half", Rows::Mask(&half)), ("1 in 25", Rows::Mask(&few))];
    let ids = |num_groups: usize| (0..NUM_ROWS * NUM_VECTORS).map(move |row| scattered(row) % num_groups);
    let narrow: Vec<u8> = ids(34).map(|id| id as u8).collect();
    let middle: Vec<u16> = ids(10_000).map(|id| id as u16).collect();
    let wide: Vec<u32> = ids(1_000_000).map(|id| id as u32).collect();
    let mut group = criterion.benchmark_group("fold");
    group.throughput(Throughput::Elements((NUM_ROWS * NUM_VECTORS) as u64)).sample_size(20);
    for (width, num_groups) in [("one group", 1), ("u8, 34 groups", 34), ("u16, 10k", 10_000), ("u32, 1M", 1_000_000)] {
        for (density, rows) in masks {
            let mut fold = fold_of(num_groups);
            group.bench_function(BenchmarkId::new(width, density), |bencher| {
                bencher.iter(|| {
                    for start in (0..NUM_ROWS * NUM_VECTORS).step_by(NUM_ROWS) {
                        let range = start..start + NUM_ROWS;
                        let groups = match num_groups {
                            1 => Groups::One,
                            34 => Groups::U8(&narrow[range]),
                            10_000 => Groups::U16(&middle[range]),
                            _ => Groups::U32(&wide[range]),
                        };
                        let inputs = [vec![], vec![Input::Double(&values)]];
                        fold.fold(0, black_box(groups), NUM_ROWS, rows, &inputs).expect("a fold of sound inputs");
                    }
                });
            });
        }
    }
}

criterion_group!(benches, folds);
criterion_main!(benches);
