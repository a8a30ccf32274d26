//! `grouping`: which of some dimensions a row is not grouped by.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array};
use serde_json::{Value, json};

use crate::accumulator::{Accumulator, Inline};
use crate::aggregator::Aggregator;
use crate::error::Result;
use crate::feed::RowFeed;
use crate::input::{ColumnType, InputSpec};
use crate::properties::Properties;
use crate::spec::{AggregatorSpec, Finalized, Kind};

/// Bits of the answer.
const MAX_GROUPINGS: usize = 63;

pub(super) static KIND: Kind = Kind {
    tag: "grouping",
    parse: |json| {
        let properties = Properties::new(json)?;
        let groupings = properties.required_texts("groupings")?;
        if groupings.is_empty() || groupings.len() > MAX_GROUPINGS {
            return Err(properties.invalid("groupings", format!("must hold from 1 to {MAX_GROUPINGS} dimensions")));
        }
        Ok(Arc::new(GroupingSpec { name: properties.name().to_owned(), groupings, mask: 0 }))
    },
};

/// The answer is the same for all groups; the state is empty but for a place in the columns.
#[derive(Clone, Debug)]
struct GroupingSpec {
    name: String,
    groupings: Vec<String>,
    mask: i64,
}

impl AggregatorSpec for GroupingSpec {
    fn name(&self) -> &str {
        &self.name
    }

    fn type_tag(&self) -> &'static str {
        "grouping"
    }

    fn to_json(&self) -> Value {
        json!({"type": "grouping", "name": self.name, "groupings": self.groupings})
    }

    fn inputs(&self) -> Vec<InputSpec> {
        Vec::new()
    }

    fn accumulator(&self, _columns: &[Option<ColumnType>]) -> Result<Box<dyn Accumulator>> {
        Ok(Inline::boxed(Nothing, Vec::new()))
    }

    fn merging(&self) -> Arc<dyn AggregatorSpec> {
        Arc::new(self.clone())
    }

    fn state_type(&self) -> ColumnType {
        ColumnType::Long
    }

    fn output_type(&self, _finalized: bool) -> ColumnType {
        ColumnType::Long
    }

    fn finalize(&self, states: &ArrayRef) -> Result<Finalized> {
        Ok(Finalized::Long(Int64Array::from(vec![self.mask; states.len()])))
    }

    /// The leftmost dimension is the highest bit; a bit is 1 where the dimension is not grouped by.
    fn for_grouping(&self, dimensions: &[String]) -> Option<Arc<dyn AggregatorSpec>> {
        let bit = |grouping| i64::from(!dimensions.contains(grouping));
        let mask = self.groupings.iter().fold(0, |mask, grouping| mask << 1 | bit(grouping));
        Some(Arc::new(GroupingSpec { mask, ..self.clone() }))
    }
}

#[derive(Clone, Debug)]
struct Nothing;

impl Aggregator for Nothing {
    type State = ();
    type Item = ();
    type Feed = RowFeed;

    fn feed(&self) -> RowFeed {
        RowFeed::default()
    }

    fn empty(&self) {}

    fn update(&self, _state: &mut (), _item: ()) {}

    fn run(&self, _state: &mut (), _items: &[()], _rows: crate::input::Rows<'_>) {}

    fn merge(&self, _state: &mut (), _other: &()) {}

    fn to_column(&self, states: Vec<()>) -> ArrayRef {
        Arc::new(Int64Array::from(vec![0; states.len()]))
    }

    fn read_column(&self, column: &dyn Array) -> Result<Vec<()>> {
        Ok(vec![(); column.len()])
    }
}
