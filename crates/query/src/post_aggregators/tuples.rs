//! Post-aggregators over tuple sketches of numbers.

use std::sync::Arc;

use aggregate::AggregatorSpec;
use aggregate::sketches::tuple::Tuples;
use arrow_array::BinaryArray;
use serde_json::json;

use super::{PostAggregator, sketch};
use crate::finalize::{Table, Values};
use crate::{Error, Result};

pub(super) const ENTRIES: i32 = 4_096;

/// The sketches of a row are only asked, so their nominal size does not matter.
pub(super) fn decode(bytes: &[u8]) -> Result<Tuples> {
    Ok(Tuples::decode(bytes, 1 << 26)?)
}

/// The aggregator whose states are such sketches and are shown as they are.
pub(super) fn spec(entries: i32, num_values: usize) -> Result<Arc<dyn AggregatorSpec>> {
    let json = json!({"type": "arrayOfDoublesSketch", "name": "sketch", "fieldName": "sketch",
        "nominalEntries": entries, "numberOfValues": num_values, "shouldFinalize": false});
    Ok(aggregate::parse_aggregator(&json, &[])?)
}

/// The sketches of each field, row by row; a field that no row was folded into has none.
pub(super) fn columns(fields: &[Arc<dyn PostAggregator>], rows: &Table) -> Result<Vec<BinaryArray>> {
    fields.iter().map(|field| sketch::sketches(field.as_ref(), rows)).collect()
}

/// The sketches of a row, all of as many values.
pub(super) fn row(columns: &[BinaryArray], row: usize) -> Result<Vec<Tuples>> {
    let sketches: Vec<Tuples> = columns.iter().map(|column| decode(column.value(row))).collect::<Result<_>>()?;
    let num_values = sketches.first().map_or(0, Tuples::num_values);
    match sketches.iter().find(|sketch| sketch.num_values() != num_values) {
        None => Ok(sketches),
        Some(other) => Err(Error::invalid(format!(
            "sketches of {num_values} and of {} values cannot be compared",
            other.num_values()
        ))),
    }
}

/// States as a column.
pub(super) fn states(states: Vec<Vec<u8>>, spec: &Arc<dyn AggregatorSpec>) -> Values {
    Values::State { states: Arc::new(BinaryArray::from_iter_values(states)), spec: spec.clone() }
}

/// Count, mean and sample variance of one of the numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moments {
    pub count: f64,
    pub mean: f64,
    spread: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.spread += distance * (value - self.mean);
    }

    /// NaN of none, 0 of one.
    pub fn variance(&self) -> f64 {
        match self.count {
            0.0 => f64::NAN,
            1.0 => 0.0,
            count => self.spread / (count - 1.0),
        }
    }
}

/// The moments of each number of the entries held.
pub(super) fn moments(sketch: &Tuples) -> Vec<Moments> {
    let mut moments = vec![Moments::default(); sketch.num_values()];
    for (_, values) in sketch.entries() {
        moments.iter_mut().zip(values).for_each(|(moments, value)| moments.add(*value));
    }
    moments
}
