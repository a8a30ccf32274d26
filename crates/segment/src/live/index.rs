//! The open fold: one writer, a row is a group.

use std::sync::Arc;

use aggregate::{AggregatorSpec, ColumnType, Fold, KeyTable};
use serde_json::json;
use timeline::SegmentId;

use super::append::key_width;
use super::dimension::Dimension;
use super::limits::Limits;
use super::number_rows::NumberRows;
use super::shed::Shed;
use super::snapshot::LiveSnapshot;
use crate::{Result, RollupSchema, Schema, SegmentMetadata, WEIGHT_COLUMN};

/// Rows being rolled up. One thread writes; what it hands out as snapshots stays as it is.
pub struct LiveIndex {
    pub(super) id: SegmentId,
    pub(super) schema: Arc<RollupSchema>,
    pub(super) metadata: Arc<SegmentMetadata>,
    /// The columns as the last snapshot had them.
    pub(super) columns: Option<Arc<Schema>>,
    pub(super) limits: Limits,
    pub(super) dimensions: Vec<Dimension>,
    pub(super) times: NumberRows,
    /// Absent when rows are only appended.
    pub(super) table: Option<KeyTable>,
    /// Present from the first batch on.
    pub(super) fold: Option<Fold>,
    /// The metrics of the first rows, which the fold no longer has.
    pub(super) shed: Shed,
    /// Counts records into each group; absent when each row is one.
    pub(super) weight: Option<Arc<dyn AggregatorSpec>>,
    /// Of each aggregator, the count of records included: whether its states can be null.
    pub(super) nullable: Vec<bool>,
    pub(super) input_types: Vec<Vec<Option<ColumnType>>>,
    /// The dictionaries of the text inputs.
    pub(super) input_texts: Vec<Option<u64>>,
    pub(super) snapshot: Option<Arc<LiveSnapshot>>,
    pub(super) num_records: u64,
    pub(super) is_tried: bool,
    pub(super) is_sorted: bool,
    pub(super) last_time: i64,
    pub(super) min_time: i64,
    pub(super) max_time: i64,
    pub(super) broken: bool,
}

impl LiveIndex {
    /// An index without rows. Fails when the schema does not hold together.
    pub fn new(id: SegmentId, schema: Arc<RollupSchema>, limits: Limits) -> Result<Self> {
        schema.check()?;
        let weight = match schema.rollup {
            true => Some(weight_spec()?),
            false => None,
        };
        let specs: Vec<_> = schema.aggregators.iter().chain(&weight).cloned().collect();
        let nullable = crate::write::empty_states(&specs)?.iter().map(|empty| empty.is_null(0)).collect();
        Ok(Self {
            id,
            dimensions: schema
                .dimensions
                .iter()
                .cloned()
                .map(|dimension| Dimension::new(dimension, schema.rollup, schema.rollup, &limits))
                .collect(),
            limits,
            times: NumberRows::new(ColumnType::Long),
            metadata: Arc::new(schema.metadata(true)),
            columns: None,
            table: schema.rollup.then(|| KeyTable::new(key_width(schema.dimensions.len()))),
            schema,
            fold: None,
            shed: Shed::default(),
            weight,
            nullable,
            input_types: Vec::new(),
            input_texts: Vec::new(),
            snapshot: None,
            num_records: 0,
            is_tried: false,
            is_sorted: true,
            last_time: i64::MIN,
            min_time: i64::MAX,
            max_time: i64::MIN,
            broken: false,
        })
    }

    /// The index before its first row, as one that looks for no groups: each row is one.
    pub fn appending(mut self) -> Self {
        self.stop_probing();
        self
    }

    pub fn schema(&self) -> &Arc<RollupSchema> {
        &self.schema
    }

    /// The id that further snapshots carry.
    pub fn set_id(&mut self, id: SegmentId) {
        self.id = id;
        self.snapshot = None;
    }

    /// Groups held.
    pub fn num_rows(&self) -> usize {
        self.times.len()
    }

    /// Records folded so far.
    pub fn num_records(&self) -> u64 {
        self.num_records
    }

    /// Bytes held, snapshots of older states not counted.
    pub fn memory_bytes(&self) -> usize {
        self.dimensions.iter().map(Dimension::memory_bytes).sum::<usize>()
            + self.times.num_bytes()
            + self.table.as_ref().map_or(0, KeyTable::memory_bytes)
            + self.fold.as_ref().map_or(0, Fold::memory_bytes)
            + self.shed.memory_bytes()
    }

    /// Whether rows or bytes have reached their limit; the index still takes rows, its owner should not.
    pub fn is_full(&self) -> bool {
        self.num_rows() >= self.limits.max_rows || self.memory_bytes() >= self.limits.max_bytes
    }

    /// Whether a batch that brings at most `num_values` values to a dimension, lists counted apart, is sure to fit.
    /// The index still takes rows when it does not; a dictionary that overflows refuses the batch.
    pub fn has_room(&self, num_values: usize) -> bool {
        let fits = |dimension: &Dimension| dimension.num_values() + num_values <= self.limits.max_dictionary_values;
        !self.is_full() && self.dimensions.iter().all(fits)
    }

    /// The rows of now. Cheap: full blocks are shared, and copied only when the writer changes them while
    /// the snapshot is held. The same snapshot is answered until the next batch.
    pub fn snapshot(&mut self) -> Arc<LiveSnapshot> {
        if let Some(snapshot) = &self.snapshot {
            return snapshot.clone();
        }
        let snapshot = Arc::new(LiveSnapshot::of(self));
        self.snapshot = Some(snapshot.clone());
        snapshot
    }

    /// The aggregators, and the count of records when it is kept.
    pub(super) fn folded_specs(&self) -> Vec<Arc<dyn AggregatorSpec>> {
        let folded = |spec: &Arc<dyn AggregatorSpec>| spec.in_roll_up().unwrap_or_else(|| spec.clone());
        self.schema.aggregators.iter().chain(&self.weight).map(folded).collect()
    }
}

fn weight_spec() -> Result<Arc<dyn AggregatorSpec>> {
    Ok(aggregate::parse_aggregator(&json!({"type": "count", "name": WEIGHT_COLUMN}), &[])?)
}
