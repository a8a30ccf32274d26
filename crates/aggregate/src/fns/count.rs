//! `count`: the number of rows.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, Int64Array};
use serde_json::{Value, json};

use crate::accumulator::{Accumulator, Inline};
use crate::aggregator::{Aggregator, Told};
use crate::error::{Error, Result};
use crate::families::number_spec::NumberSpec;
use crate::families::sum::LongSum;
use crate::feed::RowFeed;
use crate::input::{ColumnType, InputSpec, Rows};
use crate::properties::Properties;
use crate::spec::{AggregatorSpec, Finalized, Kind};

pub(super) static KIND: Kind =
    Kind { tag: "count", parse: |json| Ok(Arc::new(CountSpec { name: Properties::new(json)?.name().to_owned() })) };

#[derive(Clone, Debug)]
struct CountSpec {
    name: String,
}

impl AggregatorSpec for CountSpec {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        "count"
    }

    fn to_json(&self) -> Value {
        json!({"type": "count", "name": self.name})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        Vec::new()
    }

    fn accumulator(&self, _columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        Ok(Inline::boxed(Count, Vec::new()))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(NumberSpec {
            tag: "longSum",
            name: self.name.clone(),
            input: InputSpec::Column(self.name.clone()),
            output: ColumnType::Long,
            aggregator: LongSum,
        })
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::Long
    }

    fn output_type(&self, _finalized: bool) -> ColumnType {
        ColumnType::Long
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        let states = states.as_primitive_opt().ok_or(Error::corrupt("count", "is no long column"))?;
        Ok(Finalized::Long(states.clone()))
    }
}

#[derive(Clone, Debug)]
struct Count;

impl Aggregator for Count {
    type State = i64;
    type Item = ();
    type Feed = RowFeed;

    const COMMUTES: bool = true;
    const TELLS_ROWS: Option<Told> = Some(Told::Counted);

    fn feed(&self) -> RowFeed {
        RowFeed::default()
    }

    fn empty(&self) -> i64 {
        0
    }

    #[inline(always)]
    fn has_met(&self, state: &i64) -> bool {
        *state > 0
    }

    #[inline(always)]
    fn update(&self, state: &mut i64, (): ()) {
        *state += 1;
    }

    #[inline(always)]
    fn update_if(&self, state: &mut i64, (): (), keep: bool) {
        *state += i64::from(keep);
    }

    fn run(&self, state: &mut i64, items: &[()], rows: Rows<'_>) {
        *state += rows.count(items.len()) as i64;
    }

    fn merge(&self, state: &mut i64, other: &i64) {
        *state = state.wrapping_add(*other);
    }

    fn to_column(&self, states: Vec<i64>) -> ArrayRef {
        Arc::new(Int64Array::from(states))
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<i64>> {
        let column = column.as_primitive_opt::<Int64Type>().ok_or(Error::corrupt("count", "is no long column"))?;
        Ok(match column.null_count() {
            0 => column.values().to_vec(),
            _ => column.iter().map(Option::unwrap_or_default).collect(),
        })
    }
}
