//! Metrics of rows that nothing is added to any more: out of the records, as narrow as other columns.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aggregate::{BLOCK_RECORDS, ColumnType, FoldSnapshot};
use arrow_array::{Array, ArrayRef};

use super::index::LiveIndex;
use super::number_block::NumberBlock;
use super::numbers::Blocks;
use crate::{Result, VECTOR_ROWS};

/// Blocks that one batch moves beside its own, so that none waits for many.
const BLOCKS_A_BATCH: usize = 2;

const _: () = assert!(BLOCK_RECORDS == VECTOR_ROWS);

/// Full blocks of each aggregator that the records no longer hold.
#[derive(Default)]
pub(super) struct Shed {
    pub(super) columns: Vec<Arc<Vec<NumberBlock>>>,
    num_blocks: usize,
}

impl Shed {
    pub(super) fn num_rows(&self) -> usize {
        self.num_blocks * BLOCK_RECORDS
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.columns.iter().flat_map(|blocks| blocks.iter()).map(NumberBlock::memory_bytes).sum()
    }
}

impl LiveIndex {
    /// Where rows are only appended, those of full blocks stay as they are. To be called after a batch of so many rows.
    pub(super) fn shed_full_blocks(&mut self, num_rows: usize) -> Result<()> {
        if self.table.is_some() || self.fold.as_ref().is_none_or(|fold| fold.len() < BLOCK_RECORDS) {
            return Ok(());
        }
        let types: Vec<ColumnType> = self.folded_specs().iter().map(|spec| spec.state_type()).collect();
        let Some(fold) = &mut self.fold else { return Ok(()) };
        if !fold.can_shed() || !types.iter().all(ColumnType::is_number) {
            return Ok(());
        }
        self.shed.columns.resize(types.len(), Arc::default());
        let num_blocks = (fold.len() / BLOCK_RECORDS).min(BLOCKS_A_BATCH + num_rows / BLOCK_RECORDS);
        for block in 0..num_blocks {
            let first = (block * BLOCK_RECORDS) as u32;
            let rows: Vec<u32> = (first..first + BLOCK_RECORDS as u32).collect();
            let states = fold.states(&rows)?;
            for ((column, states), column_type) in self.shed.columns.iter_mut().zip(&states).zip(&types) {
                let before = column.last().and_then(NumberBlock::scale);
                Arc::make_mut(column).push(NumberBlock::of_array(column_type, states, before));
            }
        }
        fold.shed(num_blocks)?;
        self.shed.num_blocks += num_blocks;
        Ok(())
    }
}

/// A metric of numbers: blocks out of the records, and the records behind them.
pub(super) struct StateRows {
    pub(super) full: Arc<Vec<NumberBlock>>,
    pub(super) records: Arc<FoldSnapshot>,
    pub(super) aggregator: usize,
    pub(super) column_type: ColumnType,
    /// Null is what the aggregator answers of no rows.
    pub(super) is_nullable: bool,
    /// Looked for when first asked for.
    pub(super) has_nulls: OnceLock<bool>,
}

impl StateRows {
    fn find_null(&self) -> bool {
        let num_rows = self.records.len();
        let mut starts = (0..num_rows).step_by(VECTOR_ROWS);
        self.full.iter().any(NumberBlock::has_nulls)
            || starts.any(|start| self.read_rest(start..num_rows.min(start + VECTOR_ROWS)).null_count() > 0)
    }
}

impl Blocks for StateRows {
    fn column_type(&self) -> &ColumnType {
        &self.column_type
    }

    fn len(&self) -> usize {
        self.full.len() * VECTOR_ROWS + self.records.len()
    }

    fn has_nulls(&self) -> bool {
        self.is_nullable && *self.has_nulls.get_or_init(|| self.find_null())
    }

    fn full(&self) -> &[NumberBlock] {
        &self.full
    }

    fn rest(&self) -> Option<NumberBlock> {
        let num_rows = self.records.len();
        let before = self.full.last().and_then(NumberBlock::scale);
        (1..VECTOR_ROWS)
            .contains(&num_rows)
            .then(|| NumberBlock::of_array(&self.column_type, &self.read_rest(0..num_rows), before))
    }

    fn read_rest(&self, rows: Range<usize>) -> ArrayRef {
        self.take_rest(&(rows.start as u32..rows.end as u32).collect::<Vec<u32>>())
    }

    fn take_rest(&self, rows: &[u32]) -> ArrayRef {
        self.records.states_of(self.aggregator, rows).expect("states of groups that exist can be read")
    }

    fn memory_bytes(&self) -> usize {
        let full: usize = self.full.iter().map(NumberBlock::memory_bytes).sum();
        full + self.records.len() * 8
    }
}
