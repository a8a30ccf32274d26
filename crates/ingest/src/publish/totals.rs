//! What a segment holds in sum: the weights and metric totals that publishing and merging are checked by.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int64Type};
use metastore::{MetricSums, Sum};
use segment::{ColumnRef, Segment, VECTOR_ROWS, WEIGHT_COLUMN};
use serde_json::Value;

/// Weight of a segment, and the totals of its sums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Totals {
    pub(crate) weight: i64,
    pub(crate) sums: MetricSums,
}

/// Adds up the rows of `segment`.
pub(crate) fn totals(segment: &dyn Segment) -> Totals {
    let (mut sums, mut count) = (Vec::new(), None);
    for aggregator in &segment.metadata().aggregators {
        let (inner, filter) = segment::unfiltered(aggregator);
        let text = |key: &str| inner.get(key).and_then(Value::as_str);
        let (Some(name), Some(kind)) = (text("name"), text("type")) else { continue };
        let Some(column) = segment.column(name) else { continue };
        match kind {
            "count" => {
                let total = longs(&column, segment.num_rows());
                if filter.is_none() {
                    count.get_or_insert(total);
                }
                sums.push((name.to_owned(), Sum::Long(total)));
            }
            "longSum" => sums.push((name.to_owned(), Sum::Long(longs(&column, segment.num_rows())))),
            "doubleSum" | "floatSum" => sums.push((name.to_owned(), doubles(&column, segment.num_rows()))),
            _ => {}
        }
    }
    let rolled_up = segment.metadata().rollup != Some(false);
    let weight = match segment.column(WEIGHT_COLUMN) {
        Some(column) => longs(&column, segment.num_rows()),
        None => count.filter(|_| rolled_up).unwrap_or(segment.num_rows() as i64),
    };
    Totals { weight, sums: sums.into_iter().collect() }
}

fn vectors(num_rows: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..num_rows).step_by(VECTOR_ROWS).map(move |start| start..num_rows.min(start + VECTOR_ROWS))
}

fn longs(column: &ColumnRef, num_rows: usize) -> i64 {
    let mut total = 0i64;
    for rows in vectors(num_rows) {
        let array = column.read(rows);
        if let Some(array) = array.as_primitive_opt::<Int64Type>() {
            array.iter().flatten().for_each(|value| total = total.wrapping_add(value));
        }
    }
    total
}

fn doubles(column: &ColumnRef, num_rows: usize) -> Sum {
    let (mut sum, mut magnitude) = (0.0, 0.0);
    let mut add = |value: f64| {
        sum += value;
        magnitude += value.abs();
    };
    for rows in vectors(num_rows) {
        let array = column.read(rows);
        if let Some(array) = array.as_primitive_opt::<Float64Type>() {
            array.iter().flatten().for_each(&mut add);
        } else if let Some(array) = array.as_primitive_opt::<Float32Type>() {
            array.iter().flatten().for_each(|value| add(f64::from(value)));
        }
    }
    Sum::double(sum, magnitude)
}
